#include "models/layers/module_tree.h"

#include <torch/nn/module.h>

#include <stdexcept>

namespace deepmad::models {
namespace {

void Append(const torch::nn::Module& module, const std::string& prefix, NamedTensors& result) {
  for (const auto& parameter : module.named_parameters(/*recurse=*/false)) result.emplace_back(prefix + parameter.key(), parameter.value());
  for (const auto& buffer : module.named_buffers(/*recurse=*/false)) result.emplace_back(prefix + buffer.key(), buffer.value());
  for (const auto& child : module.named_children()) Append(*child.value(), prefix + child.key() + ".", result);
}

}  // namespace

std::shared_ptr<torch::nn::Module> ModuleAt(torch::nn::Module& root, const std::string& path) {
  if (path.empty()) throw std::logic_error("a module needs a name");
  const size_t dot = path.find('.');
  const std::string name = path.substr(0, dot);
  const auto children = root.named_children();
  const auto* known = children.find(name);
  const auto child = known ? *known : root.register_module(name, std::make_shared<torch::nn::Module>(name));
  return dot == std::string::npos ? child : ModuleAt(*child, path.substr(dot + 1));
}

NamedTensors StateDict(const torch::nn::Module& root) {
  NamedTensors result;
  Append(root, "", result);
  return result;
}

}  // namespace deepmad::models
