#include "models/layers/named_tensors.h"

#include <c10/core/GradMode.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>

#include "base/error.h"

namespace deepmad::models {
namespace {

std::string Shape(const at::Tensor& tensor) {
  return fmt::format("{} [{}]", c10::toString(tensor.scalar_type()), fmt::join(tensor.sizes(), ", "));
}

}  // namespace

void CopyNamedTensors(const NamedTensors& from, const NamedTensors& to) {
  c10::AutoGradMode no_grad(false);
  const std::map<std::string, at::Tensor> by_name(from.begin(), from.end());
  for (const auto& [name, target] : to) {
    const auto it = by_name.find(name);
    if (it == by_name.end()) throw base::FailedError("a tensor is missing", name);
    const at::Tensor& source = it->second;
    if (source.sizes() != target.sizes() || source.scalar_type() != target.scalar_type()) {
      throw base::FailedError(fmt::format("the tensor is {}, wanted {}", Shape(source), Shape(target)), name);
    }
  }
  for (const auto& [name, target] : to) target.detach().copy_(by_name.at(name));
}

NamedTensors WithoutPrefix(const NamedTensors& tensors, const std::string& prefix) {
  NamedTensors result;
  for (const auto& [name, tensor] : tensors) {
    if (name.starts_with(prefix)) result.emplace_back(name.substr(prefix.size()), tensor);
  }
  return result;
}

NamedTensors WithPrefix(const NamedTensors& tensors, const std::string& prefix) {
  NamedTensors result;
  for (const auto& [name, tensor] : tensors) result.emplace_back(prefix + name, tensor);
  return result;
}

}  // namespace deepmad::models
