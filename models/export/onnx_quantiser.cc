#include "models/export/onnx_quantiser.h"

#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/zeros.h>

#include "base/error.h"

namespace deepmad::models {
namespace {

int64_t Levels(int bits) { return int64_t{1} << (bits - 1); }

const at::Tensor& PositiveSteps(const OnnxGraph& graph, const std::string& name) {
  const at::Tensor& steps = graph.State(name);
  if (!(steps > 0).all().item<bool>()) {
    throw base::FailedError("a quantisation step is not positive", name, "export weights whose steps are trained");
  }
  return steps;
}

}  // namespace

std::string AddQuantisedInput(OnnxGraph& graph, const std::string& layer, int bits, const std::string& x) {
  const std::string name = layer + ".act_quan";
  const at::Tensor step = PositiveSteps(graph, name + ".s").reshape({});
  std::string input = x;
  if (bits < 8) {
    const std::string low = graph.AddWeight(name + ".low", step * -Levels(bits));
    const std::string high = graph.AddWeight(name + ".high", step * (Levels(bits) - 1));
    input = graph.AddNode("Clip", name + ".clip", {input, low, high});
  }
  const std::string s = graph.AddWeight(name + ".s", step);
  const std::string zero = graph.AddWeight("int8_zero", at::zeros({}, at::kChar));
  const std::string whole = graph.AddNode("QuantizeLinear", name + ".quantize", {input, s, zero});
  return graph.AddNode("DequantizeLinear", name, {whole, s, zero});
}

std::string AddQuantisedWeight(OnnxGraph& graph, const std::string& layer, int bits) {
  const std::string name = layer + ".weight_quan";
  const at::Tensor& steps = PositiveSteps(graph, name + ".s");
  const at::Tensor levels = (graph.State(layer + ".weight") / steps).clamp(-Levels(bits), Levels(bits) - 1).round();
  const std::string whole = graph.AddWeight(layer + ".weightq", levels.to(at::kChar));
  return graph.AddNode("DequantizeLinear", name, {whole, graph.AddWeight(name + ".s", steps.flatten())}, {{"axis", int64_t{0}}});
}

}  // namespace deepmad::models
