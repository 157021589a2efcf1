// A tuning of small structures, without any training.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/config/config.h"
#include "base/json.h"
#include "train/tune/halving.h"

namespace deepmad::train {

inline constexpr char kSmallTuning[] = R"(version: 1
name: small
seed: 5
problem:
  version: 1
  name: small
  input: {channels: 3, height: 16, width: 16}
  stem: {out_channels: [8, 16], kernel: 3, stride: 1}
  stages:
    - {type: basic, stride: 2, kernel: 3, depth: [1, 4], out_channels: [8, 64], bottleneck_channels: [8, 64]}
    - {type: bottleneck, stride: 2, kernel: 3, depth: [1, 4], out_channels: [8, 128], bottleneck_channels: [8, 128]}
  budgets: {flops: 1.0e+6, params: 60.0e+3}
  head: {classes: 4}
candidates:
  effectiveness: [0.1, 0.2, none]
  variants: [{name: mixed}, {name: basic, type: basic}, {name: even, change: ["objective.depth_penalty=1000"]}]
  hand_made: [resnet, mobilenet_v2]
  learning_rate: {values: [0.1, 0.2]}
tune: {cost: 3, keep: 2, finalists: 2, seeds: 3}
)";

inline base::Config SmallTuning(const std::vector<std::string>& overrides = {}) {
  base::Config config = base::Config::FromText(kSmallTuning);
  for (const std::string& one : overrides) config.Override(one);
  return config;
}

// Candidates by name alone: "design" and "hand_made" in turns.
inline TuneCandidates Named(const std::vector<std::string>& names) {
  TuneCandidates candidates;
  for (const std::string& name : names) {
    StudyStructure structure;
    structure.name = name;
    structure.group = candidates.structures.size() % 2 == 0 ? "design" : "hand_made";
    candidates.structures.push_back(structure);
  }
  return candidates;
}

}  // namespace deepmad::train
