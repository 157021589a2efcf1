// The activation functions of recipes as ONNX nodes.
#pragma once

#include <string>

#include "mad/recipe/activation.h"
#include "models/export/onnx_graph.h"

namespace deepmad::models {

// Adds the activation of the result `x` and returns the name of its own result. Its last node is called `name`.
std::string AddActivation(OnnxGraph& graph, mad::ActivationKind kind, const std::string& name, const std::string& x);

}  // namespace deepmad::models
