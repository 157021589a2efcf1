#include "models/weights/load.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/all.h>
#include <ATen/ops/isfinite.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>

#include "base/error.h"
#include "models/weights/safetensors.h"

namespace deepmad::models {
namespace {

bool OfHead(const Network& network, const std::string& name) { return name.starts_with(network.spec().head.name + "."); }

// "2 missing: a, b"; at most five names.
void Describe(const char* what, const std::vector<std::string>& names, std::vector<std::string>& parts) {
  constexpr size_t kShown = 5;
  if (names.empty()) return;
  const std::vector<std::string> shown(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(std::min(names.size(), kShown)));
  parts.push_back(fmt::format("{} {}: {}{}", names.size(), what, fmt::join(shown, ", "), names.size() > kShown ? ", ..." : ""));
}

}  // namespace

void LoadStateDict(Network& network, const NamedTensors& tensors, HeadPolicy policy, const std::string& where) {
  std::map<std::string, at::Tensor> given(tensors.begin(), tensors.end());
  if (policy == HeadPolicy::kDrop) std::erase_if(given, [&](const auto& entry) { return OfHead(network, entry.first); });

  NamedTensors targets;
  std::vector<std::string> missing, unexpected, misshapen;
  for (const auto& [name, target] : network.StateDict()) {
    if (policy == HeadPolicy::kDrop && OfHead(network, name)) continue;
    const auto it = given.find(name);
    if (it == given.end()) {
      missing.push_back(name);
    } else if (it->second.sizes() != target.sizes() || it->second.is_floating_point() != target.is_floating_point()) {
      misshapen.push_back(fmt::format("{} is {} [{}], not {} [{}]", name, c10::toString(it->second.scalar_type()),
                                      fmt::join(it->second.sizes(), ", "), c10::toString(target.scalar_type()),
                                      fmt::join(target.sizes(), ", ")));
    } else {
      targets.emplace_back(name, target);
    }
  }
  std::map<std::string, at::Tensor> known;
  for (const auto& [name, target] : network.StateDict()) known.emplace(name, target);
  for (const auto& [name, tensor] : given) {
    if (!known.contains(name)) unexpected.push_back(name);
  }

  std::vector<std::string> parts;
  Describe("missing", missing, parts);
  Describe("unexpected", unexpected, parts);
  Describe("of another shape or type", misshapen, parts);
  if (!parts.empty()) {
    throw base::UsageError(fmt::format("the weights do not fit network '{}': {}", network.spec().name, fmt::join(parts, "; ")), where,
                           "give the network these weights were trained with");
  }
  const at::NoGradGuard no_grad;
  for (const auto& [name, target] : targets) {
    const at::Tensor& values = given.at(name);
    if (!values.is_floating_point() || at::isfinite(values).all().item<bool>()) continue;
    throw base::FailedError(fmt::format("the weights are not finite: {}", name), where, "a training that diverged made them; take others");
  }
  for (auto& [name, target] : targets) target.copy_(given.at(name));
}

void LoadWeights(Network& network, const std::string& path, HeadPolicy policy) {
  LoadStateDict(network, ReadSafetensors(path).tensors, policy, path);
}

}  // namespace deepmad::models
