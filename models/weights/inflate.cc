#include "models/weights/inflate.h"

#include <ATen/ops/zeros.h>

#include <map>
#include <utility>

#include "models/weights/common_prefix.h"

namespace deepmad::models {

at::Tensor Inflate(const at::Tensor& kernel, int64_t frames, Inflation how) {
  if (how == Inflation::kRepeat) {
    return (kernel / static_cast<double>(frames))
        .unsqueeze(2)
        .expand({kernel.size(0), kernel.size(1), frames, kernel.size(2), kernel.size(3)});
  }
  const at::Tensor inflated = at::zeros({kernel.size(0), kernel.size(1), frames, kernel.size(2), kernel.size(3)}, kernel.options());
  inflated.select(2, frames / 2).copy_(kernel);
  return inflated;
}

WeightsFile InflateFor(Network& network, WeightsFile weights, Inflation how, const std::string& where) {
  weights = WithoutCommonPrefix(network, std::move(weights), where);
  std::map<std::string, std::vector<int64_t>> shapes;
  for (const auto& [name, tensor] : network.StateDict()) shapes[name] = tensor.sizes().vec();
  for (WeightsEntry& entry : weights.entries) {
    const auto target = shapes.find(entry.name);
    if (target == shapes.end() || target->second.size() != 5 || entry.shape.size() != 4) continue;
    const int64_t frames = target->second[2];
    entry.shape.insert(entry.shape.begin() + 2, frames);
    entry.read = [read = std::move(entry.read), frames, how](int64_t begin, int64_t end) { return Inflate(read(begin, end), frames, how); };
  }
  return weights;
}

}  // namespace deepmad::models
