// The layers of a recipe as ONNX nodes: the same reading of them as models/network/lowering.h gives to LibTorch.
#pragma once

#include <string>
#include <vector>

#include "mad/recipe/layer.h"
#include "models/export/onnx_graph.h"

namespace deepmad::models {

struct OnnxContext {
  OnnxGraph& graph;
  int spatial_dims;
  double eps;       // of the norms
  bool fold_norms;  // into the convolution before, unless that is quantised
};

// Layers one after the other; `prefix` stands before the names of their tensors, `size` is of the map that comes in, afterwards of the one
// that goes out. Gives the name of the result.
std::string AddLayers(const OnnxContext& context, const std::vector<mad::Layer<double>>& layers, const std::string& prefix,
                      const std::string& x, mad::Extent& size);

}  // namespace deepmad::models
