#include "models/weights/common_prefix.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/log.h"
#include "models/formats/stored_tensor.h"

namespace deepmad::models {
namespace {

// What all names begin with.
std::string CommonStart(const WeightsFile& weights) {
  if (weights.entries.empty()) return "";
  std::string common = weights.entries.front().name;
  for (const WeightsEntry& entry : weights.entries) {
    const auto end = std::ranges::mismatch(common, entry.name).in1;
    common.erase(end, common.end());
  }
  return common;
}

// Counters are not asked for: old checkpoints have none.
bool AllFound(const Network& network, const WeightsFile& weights, size_t taken_off) {
  std::set<std::string> names;
  for (const WeightsEntry& entry : weights.entries) names.insert(entry.name.substr(taken_off));
  return std::ranges::all_of(network.StateDict(), [&](const auto& item) {
    return network.OfHead(item.first) || item.first.ends_with(".num_batches_tracked") || names.contains(item.first);
  });
}

}  // namespace

WeightsFile WithoutCommonPrefix(const Network& network, WeightsFile weights, const std::string& where) {
  const std::string start = CommonStart(weights);
  if (start.find('.') == std::string::npos || AllFound(network, weights, 0)) return weights;
  for (size_t dot = start.find('.'); dot != std::string::npos; dot = start.find('.', dot + 1)) {
    if (!AllFound(network, weights, dot + 1)) continue;
    base::LogInfo(where + ": '" + Shown(start.substr(0, dot + 1)) + "' before every name of the weights is taken off");
    for (WeightsEntry& entry : weights.entries) entry.name.erase(0, dot + 1);
    break;
  }
  return weights;
}

}  // namespace deepmad::models
