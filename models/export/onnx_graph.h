// The nodes and weights of an ONNX model while they are put together from a network's tensors.
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

  // The network's own tensor of this name, which must be there.
  const at::Tensor& State(const std::string& name) const;

  // Adds a node with one result, which has the node's name, and gives that name: `name`, or `name`_2 and so on where that is taken.
  std::string AddNode(const std::string& op, const std::string& name, const std::vector<std::string>& inputs,
                      const std::vector<OnnxAttribute>& attributes = {});
  // The same for a node with two results; the second has the name with "/2" behind it.
  std::pair<std::string, std::string> AddPairNode(const std::string& op, const std::string& name, const std::vector<std::string>& inputs,
                                                  const std::vector<OnnxAttribute>& attributes = {});
  // The tensor as int8, int64 or else as float32, in the shape it has; the first one counts where a name comes again. Gives the name.
  // FailedError where all weights together are too large for the format.
  std::string AddWeight(const std::string& name, const at::Tensor& tensor);
  // The network's own tensor.
  std::string AddWeight(const std::string& name) { return AddWeight(name, State(name)); }

  // Gives a node's result its final name, as an output of the model of shape `dims`.
  void SetOutput(const std::string& result, const std::string& name, const std::vector<int64_t>& dims, OnnxType type = OnnxType::kFloat);

  // All of it; to be called last. The input and whatever else the model says are left open.
  OnnxModel Take() { return std::move(model_); }

 private:
  std::map<std::string, at::Tensor> state_;
  OnnxModel model_;
  std::set<std::string> node_names_;
  std::set<std::string> weight_names_;
  uint64_t weight_bytes_ = 0;
};

}  // namespace deepmad::models
