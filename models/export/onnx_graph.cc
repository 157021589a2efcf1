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

std::pair<std::string, std::string> OnnxGraph::AddPairNode(const std::string& op, const std::string& name,
                                                           const std::vector<std::string>& inputs,
                                                           const std::vector<OnnxAttribute>& attributes) {
  const std::string first = AddNode(op, name, inputs, attributes);
  model_.nodes.back().outputs.push_back(first + "/2");
  return {first, first + "/2"};
}

std::string OnnxGraph::AddWeight(const std::string& name, const at::Tensor& tensor) {
  if (!weight_names_.insert(name).second) return name;
  const bool whole = tensor.scalar_type() == at::kChar || tensor.scalar_type() == at::kLong;
  const at::ScalarType type = whole ? tensor.scalar_type() : at::kFloat;
  weight_bytes_ += static_cast<uint64_t>(tensor.numel()) * c10::elementSize(type);
  if (weight_bytes_ > kMaxOnnxWeightBytes) {
    throw base::FailedError("the weights are too large for an ONNX file, which holds 2 GB", name, "export them as --safetensors");
  }
  const at::Tensor values = tensor.detach().cpu().to(type).contiguous();
  const OnnxType written = !whole ? OnnxType::kFloat : type == at::kChar ? OnnxType::kInt8 : OnnxType::kInt64;
  model_.weights.push_back(
      {name, written, values.sizes().vec(), std::string(static_cast<const char*>(values.const_data_ptr()), values.nbytes())});
  return name;
}

void OnnxGraph::SetOutput(const std::string& result, const std::string& name, const std::vector<int64_t>& dims, OnnxType type) {
  for (OnnxNode& node : model_.nodes) {
    std::replace(node.inputs.begin(), node.inputs.end(), result, name);
    std::replace(node.outputs.begin(), node.outputs.end(), result, name);
  }
  model_.outputs.push_back({name, dims, type});
}

}  // namespace deepmad::models
