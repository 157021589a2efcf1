// Adds the layers of a recipe as ONNX nodes, the counterpart of models/network/lowering.h for LibTorch.
#pragma once

#include <string>
#include <vector>

#include "mad/recipe/fused_plan.h"
#include "models/export/onnx_graph.h"

namespace deepmad::models {

struct OnnxContext {
  OnnxGraph& graph;
  int spatial_dims;
  double eps;  // of the norms
  mad::Fusion fusion;
};

// Adds the operations of a plan with context.fusion one after the other and returns the name of the result. `prefix` precedes the names of
// their tensors in the state_dict.
std::string AddLayers(const OnnxContext& context, const std::vector<mad::FusedLayer<double>>& layers, const std::string& prefix,
                      const std::string& x);

}  // namespace deepmad::models
