// Segments an image of any size: predicts a class for each pixel (docs/protocols/segmentation.md, section 6).
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>

#include "base/config/config.h"
#include "data/inputs/sample_preparation.h"
#include "data/inputs/scenes_input.h"

namespace deepmad::models {
class Network;
}

namespace deepmad::train {

struct SceneReading {
  bool slide = false;  // windows in place of the whole picture at once
  int64_t side = 512;  // of a window, pixels
  int64_t stride = 341;
  bool scales = false;  // also the mean over six scales, plain and mirrored
};

// Keys `inference` (whole or slide) and `scales_and_flip` of the `validate` section; windows have the side of the training crop, two thirds
// of it apart.
SceneReading ReadSceneReading(const base::Config& validate, int64_t crop);

// [height, width] uint8 on the CPU, of the original size.
struct SceneMaps {
  at::Tensor classes;
  at::Tensor averaged;  // of the mean over scales; undefined where it was not asked for
};

class SceneReader {
 public:
  SceneReader(const SceneReading& reading, const data::SceneInput& input) : reading_(reading), input_(input) {}

  // What makes the images for Read.
  data::Preparation Prepare() const;
  // "whole pictures within 2048 x 512 px, bilinear, ..." from what the input says of itself.
  std::string Protocol(const std::string& input) const;
  const SceneReading& reading() const { return reading_; }

  // `images` [1, 3, h, w] as Prepare makes them of a picture of height x width, on the network's device. The network has a head that gives
  // logits for each place, at most 255 classes, and is in evaluation mode.
  SceneMaps Read(models::Network& network, const at::Tensor& images, int64_t height, int64_t width) const;

 private:
  at::Tensor Logits(models::Network& network, const at::Tensor& images) const;
  SceneMaps ReadScales(models::Network& network, const at::Tensor& levels, int64_t height, int64_t width) const;

  SceneReading reading_;
  data::SceneInput input_;
};

}  // namespace deepmad::train
