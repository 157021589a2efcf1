// A map that a node of an ONNX graph gives.
#pragma once

#include <string>

#include "mad/recipe/layer.h"

namespace deepmad::models {

struct OnnxMap {
  std::string name;
  int channels = 0;
  mad::Extent size;
};

}  // namespace deepmad::models
