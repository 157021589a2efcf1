// What a tuning compares, and how much training it may take.
//
//   version: 1
//   name: fashion
//   seed: 0                        # of the trials and of the full training
//   metric: top1                   # of a run's summary; the larger the better
//   problem: {include: ../design/fashion-28.yaml}
//   candidates:
//     effectiveness: [0.05, 0.1, 0.2, 0.3]      # bounds; none: no bound. Each variant of the problem is solved under each of them
//     variants:                                 # default: the problem as it is
//       - {name: mixed}
//       - {name: basic, type: basic}            # one block type for all stages
//       - {name: late, change: ["objective.stage_weights=[1, 1, 16]"]}
//     hand_made: [resnet, regnet]               # mad/design/hand_made_shapes.h; default: all of them
//     learning_rate: {key: train.optimizer.lr_per_256, values: [0.1, 0.2, 0.4]}
//   tune: {cost: 3, keep: 3, finalists: 3, seeds: 2}
//   recipe: {task: ..., data: ..., train: ..., validate: ...}   # as in a run file, with data.holdout: tuning sees no test sample
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/config/config.h"

namespace deepmad::train {

// A problem to solve: the tuning's own with changes.
struct ProblemVariant {
  std::string name;
  std::vector<std::string> changes;  // of the problem: "stages.0.type=basic"
};

struct TunePlan {
  std::string name;
  int64_t seed = 0;
  std::string metric = "top1";
  std::vector<std::string> bounds;       // of the effectiveness, as typed, or "none"; empty: the problem's own
  std::vector<ProblemVariant> variants;  // at least one
  std::vector<std::string> hand_made;    // names of shapes
  std::string rate_key;                  // "train.optimizer.lr_per_256"
  std::vector<std::string> rates;        // at least one, as typed
  double cost = 3;                       // full trainings in all, the last one included; at least 1.1
  int keep = 3;                          // one in `keep` candidates goes on from a rung
  int finalists = 3;                     // structures of the last rung
  int seeds = 2;                         // of each in the last rung, 1 to 10
};

// Reads all sections but `recipe`, which each training reads; of `problem` only what the variants need. Throws UsageError for two variants
// of one name, an unknown shape, or a tuning without any candidate.
TunePlan ReadTunePlan(const base::Config& config);

}  // namespace deepmad::train
