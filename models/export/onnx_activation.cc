#include "models/export/onnx_activation.h"

#include <ATen/ops/scalar_tensor.h>

#include <cmath>
#include <stdexcept>

namespace deepmad::models {

std::string AddActivation(OnnxGraph& graph, mad::ActivationKind kind, const std::string& name, const std::string& x) {
  switch (kind) {
    case mad::ActivationKind::kNone:
      return x;
    case mad::ActivationKind::kRelu:
      return graph.AddNode("Relu", name, {x});
    case mad::ActivationKind::kRelu6:
      return graph.AddNode("Clip", name,
                           {x, graph.AddWeight("relu6.low", at::scalar_tensor(0)), graph.AddWeight("relu6.high", at::scalar_tensor(6))});
    case mad::ActivationKind::kSilu:
      return graph.AddNode("Mul", name, {x, graph.AddNode("Sigmoid", name + ".sigmoid", {x})});
    case mad::ActivationKind::kSigmoid:
      return graph.AddNode("Sigmoid", name, {x});
    case mad::ActivationKind::kHardSwish:
      return graph.AddNode("HardSwish", name, {x});
    case mad::ActivationKind::kHardSigmoid:
      return graph.AddNode("HardSigmoid", name, {x}, {{"alpha", 1.0F / 6}, {"beta", 0.5F}});
    case mad::ActivationKind::kGelu: {  // x (1 + erf(x / sqrt(2))) / 2: the operator itself is of opset 20
      const auto number = [&](const char* what, double value) { return graph.AddWeight(what, at::scalar_tensor(value)); };
      const std::string scaled = graph.AddNode("Mul", name + ".scaled", {x, number("gelu.sqrt_half", std::sqrt(0.5))});
      const std::string erf = graph.AddNode("Erf", name + ".erf", {scaled});
      const std::string factor = graph.AddNode("Add", name + ".factor", {erf, number("gelu.one", 1)});
      return graph.AddNode("Mul", name, {graph.AddNode("Mul", name + ".product", {x, factor}), number("gelu.half", 0.5)});
    }
  }
  throw std::logic_error("activation without ONNX nodes");
}

}  // namespace deepmad::models
