#include "models/export/onnx_graph.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"

namespace deepmad::models {

OnnxGraph::OnnxGraph(const NamedTensors& state_dict) : state_(state_dict.begin(), state_dict.end()) {}

const at::Tensor& OnnxGraph::State(const std::string& name) const { return state_.at(name); }

std::string OnnxGraph::AddNode(const std::string& op, const std::string& name, const std::vector<std::string>& inputs,
                               const std::vector<OnnxAttribute>& attributes) {
  std::string unique = name;
  for (int number = 2; !node_names_.insert(unique).second; ++number) unique = fmt::format("{}_{}", name, number);
  model_.nodes.push_back({op, unique, inputs, {unique}, attributes});
  return unique;
}

std::string OnnxGraph::AddWeight(const std::string& name, const at::Tensor& tensor) {
  if (!weight_names_.insert(name).second) return name;
  const bool int8 = tensor.scalar_type() == at::kChar;
  weight_bytes_ += static_cast<uint64_t>(tensor.numel()) * (int8 ? 1 : 4);
  if (weight_bytes_ > kMaxOnnxWeightBytes) {
    throw base::FailedError("the weights are too large for an ONNX file, which holds 2 GB", name, "export them as --safetensors");
  }
  const at::Tensor values = tensor.detach().cpu().to(int8 ? at::kChar : at::kFloat).contiguous();
  model_.weights.push_back({name, int8 ? OnnxType::kInt8 : OnnxType::kFloat, values.sizes().vec(),
                            std::string(static_cast<const char*>(values.const_data_ptr()), values.nbytes())});
  return name;
}

void OnnxGraph::SetOutput(const std::string& result, const std::string& name, const std::vector<int64_t>& dims) {
  for (OnnxNode& node : model_.nodes) {
    std::replace(node.inputs.begin(), node.inputs.end(), result, name);
    std::replace(node.outputs.begin(), node.outputs.end(), result, name);
  }
  model_.outputs.push_back({name, dims});
}

}  // namespace deepmad::models
