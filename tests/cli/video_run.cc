#include "tests/cli/video_run.h"

#include "tests/data/miniatures.h"

namespace deepmad::cli {
namespace {

constexpr char kRecipe[] = R"(version: 1
name: videos
seed: 5
task: {name: action_recognition}
data:
  name: kinetics
  input: clips
  image_size: 32
  workers: 1
  train: {short_side: 40}
  validate: {short_side: 40}
train:
  epochs: 3
  batch_size: 2
  optimizer: {name: sgd, lr: 0.05, nesterov: false, weight_decay: 1.0e-4, decay_all: true}
  clip_norm: 40
  precise_batch_norm: 4
  ema: {decay: 0.9}
  deterministic: true
  checkpoint_every_steps: 1
  log_every_steps: 1
validate: {batch_size: 2}
)";

constexpr char kTsn[] = R"(include: recipe.yaml
network:
  version: 1
  name: small-tsn
  input: {channels: 3, height: 32, width: 32}
  blocks:
    - {type: conv, stride: 2, out_channels: 8}
    - {type: basic, depth: 1, stride: 2, bottleneck_channels: 8, out_channels: 16}
  head: {classes: 3}
data: {clip: {sampling: sparse, segments: 3}}
)";

constexpr char kClips[] = R"(include: recipe.yaml
network:
  version: 1
  name: small-clips
  input: {channels: 3, frames: 4, height: 32, width: 32}
  blocks:
    - {type: conv3d, stride: 2, out_channels: 8}
    - {type: dw_bottleneck3d, depth: 1, kernel_t: 3, stride: 2, bottleneck_channels: 16, out_channels: 16}
  head: {classes: 3}
data: {clip: {sampling: dense, frames: 4, step: 2}}
)";

}  // namespace

VideoRun::VideoRun(VideoNetwork network) : MadeRun(network == VideoNetwork::kTsn ? kTsn : kClips) {
  folder().Write("recipe.yaml", kRecipe);
  data::MakeKineticsMiniature(folder());
  for (const std::string split : {"train", "val"}) {
    data::WriteVideo({.frames = 30}, folder().path() + "/" + split + "/run/c.mp4");
    for (int i = 1; i <= 7; ++i) {
      folder().Write(split + "/sit/d/img_0000" + std::to_string(i) + ".jpg", data::EncodeJpeg(data::SmoothPicture(33, 50, 3)));
    }
    folder().Write(split + "_list_videos.txt", "run/a.mp4 0\nsit/b 1\nrun/c.mp4 2\nsit/d 1\n");
  }
  folder().Write("classes.txt", "run\nsit\njump\n");
}

}  // namespace deepmad::cli
