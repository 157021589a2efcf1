#include "tests/cli/detection_run.h"

#include "tests/data/miniatures.h"

namespace deepmad::cli {
namespace {

constexpr char kRun[] = R"(version: 1
name: blocks
seed: 5
network:
  version: 1
  name: small-detector
  input: {channels: 3, height: 64, width: 96}
  blocks:
    - {type: conv, stride: 2, out_channels: 6}
    - {type: basic, depth: 1, stride: 2, bottleneck_channels: 8, out_channels: 8}
    - {type: basic, depth: 1, stride: 2, bottleneck_channels: 8, out_channels: 10}
    - {type: basic, depth: 1, stride: 2, bottleneck_channels: 8, out_channels: 12}
    - {type: basic, depth: 1, stride: 2, bottleneck_channels: 8, out_channels: 14}
  head: {type: fcos, classes: 3, channels: 32}
task: {name: detection}
data:
  name: coco
  input: boxes
  workers: 1
  train: {short_edge: [48, 64], long_edge: 96}
  validate: {short_edge: 64, long_edge: 96}
train:
  steps: 6
  batch_size: 4
  optimizer: {name: sgd, lr: 0.01, weight_decay: 1.0e-4, decay_all: true, decay_biases: false, bias_lr_factor: 2}
  schedule: {name: multi_step, milestones: [1], warmup_steps: 2, warmup_factor: 0.33}
  clip_norm: 35
  ema: {decay: 0.9}
  deterministic: true
  checkpoint_every_steps: 2
  log_every_steps: 1
validate: {every_steps: 3}
)";

}  // namespace

DetectionRun::DetectionRun() : MadeRun(kRun) { data::MakeCocoMiniature(folder()); }

}  // namespace deepmad::cli
