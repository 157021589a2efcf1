// The `seed`, `train` and `validate` parts of a run's configuration.
//
//   seed: 0
//   train:
//     epochs: 18                            # or steps: 80000, updates on an endless stream; an epoch is then validate.every_steps of them
//     batch_size: 128                       # samples an update; auto: as many as fit in memory
//     batch_limits: {max: 1024, memory_share: 0.9, memory_gb: null}   # of auto: train/run/batch_size_search.h
//     accumulate: 1                         # micro-batches an update, each with a forward and a backward pass of its own
//     optimizer: {name: sgd, lr_per_256: 0.1, momentum: 0.9, nesterov: true, weight_decay: 5.0e-5}   # or lr: absolute;
//     train/optimizers/optimizer.h schedule: {name: cosine, warmup_epochs: 2, final_lr: 0}
//                                           # or warmup_steps: 500, warmup_factor: 0.001, warmup_shape: linear
//     ema: {decay: 0.999, warmup: true}     # null: none
//     clip_norm: null
//     precision: float32                    # or bfloat16, float16, mixed (the better of the two on a GPU), float64
//     loss_scale: {initial: 65536, growth_interval: 2000}   # with float16
//     tf32: true                            # on a GPU; default: not where deterministic
//     channels_last: true
//     activation_checkpointing: false       # less memory, a third more work: each block of the network runs again in the backward pass
//     cuda_graphs: false                    # records the passes of a micro-batch and replays them
//     drop_path: 0                          # stochastic depth, probability of the deepest branch
//     deterministic: false
//     init: {scheme: kaiming, zero_last_norm: false, layer_scale: 1.0e-6, head_std: null}   # and weights: FILE, averaged: false,
//                                           # head: strict or drop, inflate: none, centre or repeat (2-D weights for a 3-D network)
//     batch_norm: {eps: 1.0e-5, momentum: 0.1}
//     freeze: {batch_norm: none, stages: 0}   # or statistics, all: of the backbone's batch norms; and its first stages
//     sync_bn: true                         # of several processes: batch statistics over all of them
//     fused_norm: auto                      # batch norm, shortcut and ReLU in one pass over memory; on a GPU where a comparison with
//                                           # the separate operations passes. on: that or an error; off: the separate operations
//     precise_batch_norm: 0                 # samples of the epoch from which statistics are measured anew before each validation; 0: none
//     checkpoint_every_steps: 0             # besides the one after each epoch
//     log_every_steps: 50
//   validate: {batch_size: 256, every_epochs: 1}   # with train.steps every_steps: 8000 in its place; by default all of them
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "base/config/config.h"
#include "models/layers/batch_norm.h"
#include "models/layers/fused_norm.h"
#include "models/network/init.h"
#include "models/network/network.h"
#include "models/weights/inflate.h"
#include "models/weights/load.h"
#include "train/loop/schedule.h"
#include "train/loop/trainer.h"
#include "train/numerics/precision.h"
#include "train/run/batch_size_search.h"

namespace deepmad::train {

struct EmaOptions {
  double decay = 0.999;
  bool warmup = true;
};

// Weights to start from in place of random ones.
struct StartWeights {
  models::WeightsPlace place;
  models::HeadPolicy head = models::HeadPolicy::kStrict;
  std::optional<models::Inflation> inflation = std::nullopt;
};

struct TrainConfig {
  explicit TrainConfig(base::Config optimizer_section) : optimizer(std::move(optimizer_section)) {}

  TrainerOptions trainer;  // without the digest
  // Of `batch_size: auto`: trainer.batch_size and lr are those of the smallest batch, until one is chosen (train/run/batch_size_finder.h).
  std::optional<BatchLimits> batch_limits;
  double lr = 0;           // peak
  base::Config optimizer;  // the section, for the optimizer named in it
  ScheduleOptions schedule;
  std::optional<EmaOptions> ema;
  PrecisionOptions precision;
  models::InitOptions init;
  std::optional<StartWeights> start;
  models::BatchNormSettings batch_norm;
  models::FreezeOptions freeze;
  bool sync_bn = true;
  models::FusedNorm fused_norm = models::FusedNorm::kAuto;
  double drop_path = 0;                   // models/layers/drop_path.h
  bool activation_checkpointing = false;  // models/network/activation_checkpoint.h
  int64_t validate_batch_size = 256;
};

// `config` is the root of the run's configuration. UsageError.
TrainConfig ReadTrainConfig(const base::Config& config);

}  // namespace deepmad::train
