// A study of small structures, without any training.
#pragma once

#include <string>

#include "base/config/config.h"
#include "train/study/study_plan.h"
#include "train/study/study_structures.h"

namespace deepmad::train {

inline constexpr char kSmallStudy[] = R"(version: 1
name: small
seeds: [3, 4]
problem:
  version: 1
  name: small
  input: {channels: 3, height: 16, width: 16}
  stem: {out_channels: [8, 16], kernel: 3, stride: 1}
  stages:
    - {type: basic, stride: 2, kernel: 3, depth: [1, 6], out_channels: [8, 64], bottleneck_channels: [8, 64]}
    - {type: bottleneck, stride: 2, kernel: [3, 5], depth: [1, 6], out_channels: [8, 128], bottleneck_channels: [8, 128]}
  budgets: {flops: 1.0e+6, params: 60.0e+3}
  head: {classes: 4}
structures:
  - name: level
    from: cells
    windows: {effectiveness: [0.2, 0.4], flops: [0.6e+6, 1.0e+6], params: [20.0e+3, 60.0e+3]}
    samples: 400
    cells: {layers: 2, objective: 3}
  - name: mine
    from: network
    network:
      version: 1
      input: {channels: 3, height: 16, width: 16}
      blocks:
        - {type: conv, kernel: 3, stride: 1, out_channels: 8}
        - {type: basic, depth: 1, kernel: 3, stride: 2, bottleneck_channels: 16, out_channels: 16}
        - {type: bottleneck, depth: 1, kernel: 3, stride: 2, bottleneck_channels: 16, out_channels: 32}
      head: {classes: 4}
stages:
  - name: tune
    structures: [level-01, level-04, mine]
    seeds: [100]
    vary: [{name: lr, key: train.lr, values: [0.1, 0.2, 0.4]}]
    change: [train.epochs=5]
  - name: main
    choose: {factor: lr, stage: tune, within: group}
    test: true
  - name: beside
    structures: [level-00]
    seeds: [3]
    choose: {factor: lr, stage: tune, within: group, neighbours: true}
)";

inline base::Config SmallStudy(const std::vector<std::string>& overrides = {}) {
  base::Config config = base::Config::FromText(kSmallStudy);
  for (const std::string& one : overrides) config.Override(one);
  return config;
}

}  // namespace deepmad::train
