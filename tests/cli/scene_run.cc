#include "tests/cli/scene_run.h"

#include "tests/data/miniatures.h"

namespace deepmad::cli {
namespace {

constexpr char kRun[] = R"(version: 1
name: scenes
seed: 5
network:
  version: 1
  name: small-upernet
  input: {channels: 3, height: 64, width: 64}
  blocks:
    - {type: conv, stride: 2, out_channels: 6}
    - {type: basic, depth: 1, stride: 2, bottleneck_channels: 8, out_channels: 8}
    - {type: basic, depth: 1, stride: 2, bottleneck_channels: 8, out_channels: 10}
    - {type: basic, depth: 1, stride: 2, bottleneck_channels: 8, out_channels: 12}
    - {type: basic, depth: 1, stride: 2, bottleneck_channels: 8, out_channels: 14}
  head: {type: upernet, classes: 7, channels: 8}
task: {name: segmentation}
data:
  name: ade20k
  classes: 7
  input: scenes
  image_size: 64
  workers: 1
  train: {scale: [90, 64]}
  validate: {scale: [90, 64]}
train:
  steps: 6
  batch_size: 4
  optimizer: {name: sgd, lr: 0.05, nesterov: false, weight_decay: 5.0e-4, decay_all: true}
  schedule: {name: poly, warmup_steps: 2}
  ema: {decay: 0.9}
  deterministic: true
  checkpoint_every_steps: 2
  log_every_steps: 1
validate: {every_steps: 3}
)";

}  // namespace

SceneRun::SceneRun() : MadeRun(kRun) { data::MakeAde20kMiniature(folder()); }

}  // namespace deepmad::cli
