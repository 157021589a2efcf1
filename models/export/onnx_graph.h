// Builder of an ONNX model: collects nodes and weights made from a network's tensors.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "models/formats/onnx_file.h"
#include "models/layers/named_tensors.h"

namespace deepmad::models {

class OnnxGraph {
 public:
  explicit OnnxGraph(const NamedTensors& state_dict);

  // Returns the network's tensor of this name. REQUIRES: it exists.
  const at::Tensor& State(const std::string& name) const;

  // Adds a node with one result and returns the name of both: `name`, or `name`_2 and so on if it is taken.
  std::string AddNode(const std::string& op, const std::string& name, const std::vector<std::string>& inputs,
                      const std::vector<OnnxAttribute>& attributes = {});
  // Adds a node with two results and returns their names: the unique name of the node, and the same with the suffix "/2".
  std::pair<std::string, std::string> AddPairNode(const std::string& op, const std::string& name, const std::vector<std::string>& inputs,
                                                  const std::vector<OnnxAttribute>& attributes = {});
  // Adds a weight as int8, int64 or, for all other types, float32, and returns its name. If the name exists, keeps the first tensor. Throws
  // FailedError if all weights together are too large for the format.
  std::string AddWeight(const std::string& name, const at::Tensor& tensor);
  // Adds the network's tensor of this name as a weight.
  std::string AddWeight(const std::string& name) { return AddWeight(name, State(name)); }

  // Makes a node's result an output of the model with shape `dims` and gives it its final name.
  void SetOutput(const std::string& result, const std::string& name, const std::vector<int64_t>& dims, OnnxType type = OnnxType::kFloat);

  // Returns the model; call it last. Its input and metadata are left empty.
  OnnxModel Take() { return std::move(model_); }

 private:
  std::map<std::string, at::Tensor> state_;
  OnnxModel model_;
  std::set<std::string> node_names_;
  std::set<std::string> weight_names_;
  uint64_t weight_bytes_ = 0;
};

}  // namespace deepmad::models
