// Adds the layers of a recipe as ONNX nodes, the counterpart of models/network/lowering.h for LibTorch.
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
  bool fold_norms;  // fold into the convolution before, unless it is quantised
};

// Layers one after the other; `prefix` stands before the names of their tensors, `size` is of the map that comes in, afterwards of the one
// that goes out. Gives the name of the result.
std::string AddLayers(const OnnxContext& context, const std::vector<mad::Layer<double>>& layers, const std::string& prefix,
                      const std::string& x, mad::Extent& size);

}  // namespace deepmad::models
