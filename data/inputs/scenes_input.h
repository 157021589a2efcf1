// How an image of any size becomes the input of a segmentation network outside training (docs/protocols/segmentation.md, section 6).
#pragma once

#include "data/transforms/normalise.h"
#include "data/transforms/scene_resize.h"

namespace deepmad::data {

struct SceneInput {
  SceneScale scale;
  Normaliser normaliser;
};

}  // namespace deepmad::data
