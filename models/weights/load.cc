#include "models/weights/load.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/aminmax.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <set>
#include <utility>

#include "base/error.h"
#include "models/weights/common_prefix.h"

namespace deepmad::models {
namespace {

// "2 missing: a, b"; at most five names.
void Describe(const char* what, const std::vector<std::string>& names, std::vector<std::string>& parts) {
  constexpr size_t kShown = 5;
  if (names.empty()) return;
  const std::vector<std::string> shown(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(std::min(names.size(), kShown)));
  parts.push_back(fmt::format("{} {}: {}{}", names.size(), what, fmt::join(shown, ", "), names.size() > kShown ? ", ..." : ""));
}

// Of the classifiers that published and our own backbones come with.
bool OfClassifier(const std::string& name) {
  const std::string module = name.substr(0, name.find('.'));
  return module == "fc_linear" || module == "fc" || module == "classifier";
}

bool IsCounter(const std::string& name) { return name.ends_with(".num_batches_tracked"); }

// Averages of checkpoints make fractions of counters.
bool Converts(const std::string& name, at::ScalarType type, const at::Tensor& target) {
  return at::isFloatingType(type) == target.is_floating_point() || (IsCounter(name) && at::isFloatingType(type));
}

// "model-00001-of-00004.safetensors"
bool IsShard(const std::string& file) {
  const size_t of = file.rfind("-of-");
  const auto digit = [&](size_t at) { return at < file.size() && file[at] >= '0' && file[at] <= '9'; };
  return of != std::string::npos && of > 0 && file.find('/', of) == std::string::npos && digit(of - 1) && digit(of + 4);
}

// Without a copy of the tensor, unlike at::isfinite; a NaN makes both ends NaN.
bool IsFinite(const at::Tensor& values) {
  if (!values.is_floating_point() || values.numel() == 0) return true;
  const auto [least, most] = at::aminmax(values);
  return std::isfinite(least.item<double>()) && std::isfinite(most.item<double>());
}

// Calls `action` with one part of the tensor after the other, and the row each begins at: the file's pages count as memory while a part is
// held.
void ForEachPart(const WeightsEntry& entry, const std::function<void(const at::Tensor& part, int64_t begin)>& action) {
  constexpr int64_t kPart = 1 << 20;  // elements
  const int64_t rows = entry.shape.empty() ? 1 : entry.shape[0];
  const int64_t row = std::max<int64_t>(1, c10::multiply_integers(entry.shape) / std::max<int64_t>(1, rows));
  const int64_t step = std::max<int64_t>(1, kPart / row);
  for (int64_t begin = 0; begin < rows; begin += step) action(entry.read(begin, std::min(rows, begin + step)), begin);
}

}  // namespace

void LoadWeights(Network& network, const WeightsFile& file, HeadPolicy policy, const std::string& where) {
  const WeightsFile weights = WithoutCommonPrefix(network, file, where);
  const bool strict = policy == HeadPolicy::kStrict;
  std::map<std::string, const WeightsEntry*> given;
  bool has_counters = false;
  for (const WeightsEntry& entry : weights.entries) {
    if (strict || !(network.OfHead(entry.name) || (network.head() != nullptr && OfClassifier(entry.name)))) given[entry.name] = &entry;
    has_counters = has_counters || IsCounter(entry.name);
  }

  const NamedTensors state = network.StateDict();
  std::vector<std::pair<const WeightsEntry*, at::Tensor>> copies;
  std::set<std::string> known;
  std::vector<std::string> missing, unexpected, misshapen;
  for (const auto& [name, target] : state) {
    known.insert(name);
    if (!strict && network.OfHead(name)) continue;
    const auto it = given.find(name);
    if (it == given.end()) {
      if (has_counters || !IsCounter(name)) missing.push_back(name);
    } else if (it->second->shape != target.sizes() || !Converts(name, it->second->type, target)) {
      misshapen.push_back(fmt::format("{} is {} [{}], not {} [{}]", name, c10::toString(it->second->type),
                                      fmt::join(it->second->shape, ", "), c10::toString(target.scalar_type()),
                                      fmt::join(target.sizes(), ", ")));
    } else {
      copies.emplace_back(it->second, target);
    }
  }
  for (const auto& [name, entry] : given) {
    if (!known.contains(name)) unexpected.push_back(Shown(name));
  }

  std::vector<std::string> parts;
  Describe("missing", missing, parts);
  Describe("unexpected", unexpected, parts);
  Describe("of another shape or type", misshapen, parts);
  if (!parts.empty()) {
    throw base::UsageError(fmt::format("the weights do not fit network '{}': {}", network.spec().name, fmt::join(parts, "; ")), where,
                           IsShard(where) ? "this is one of several shards: give their index, NAME.index.json"
                                          : "give the network these weights were trained with");
  }
  const at::NoGradGuard no_grad;
  for (const auto& [entry, target] : copies) {
    ForEachPart(*entry, [&](const at::Tensor& part, int64_t) {
      if (IsFinite(part)) return;
      throw base::FailedError(fmt::format("the weights are not finite: {}", entry->name), where,
                              "a training that diverged made them; take others");
    });
  }
  for (const auto& [entry, target] : copies) {
    ForEachPart(*entry, [&](const at::Tensor& part, int64_t begin) {
      (part.dim() == 0 ? target : target.narrow(0, begin, part.size(0))).copy_(part);
    });
  }
}

void LoadStateDict(Network& network, const NamedTensors& tensors, HeadPolicy policy, const std::string& where) {
  WeightsFile weights;
  for (const auto& [name, tensor] : tensors) {
    weights.entries.push_back({name, tensor.scalar_type(), tensor.sizes().vec(), [&tensor = tensor](int64_t begin, int64_t end) {
                                 return tensor.dim() == 0 ? tensor : tensor.narrow(0, begin, end - begin);
                               }});
  }
  LoadWeights(network, weights, policy, where);
}

void LoadWeights(Network& network, const WeightsPlace& place, HeadPolicy policy) {
  LoadWeights(network, OpenWeights(place), policy, place.file);
}

}  // namespace deepmad::models
