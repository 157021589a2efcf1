// How scenes of any size come to a network outside training (specification segmentation 6).
#pragma once

#include "data/transforms/normalise.h"
#include "data/transforms/scene_resize.h"

namespace deepmad::data {

struct SceneInput {
  SceneScale scale;
  Normaliser normaliser;
};

}  // namespace deepmad::data
