#include "models/layers/drop_path.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <vector>

#include "models/device/pinned_copy.h"

namespace deepmad::models {

void DropPaths::Draw(base::Random random, int64_t samples, at::Device device) {
  if (rate_ == 0 || branches_ == 0) return;
  std::vector<int64_t> shape = {branches_, samples, 1};
  shape.resize(static_cast<size_t>(3 + spatial_dims_), 1);
  const at::Tensor drawn = at::empty(shape, at::kFloat);
  float* value = drawn.mutable_data_ptr<float>();
  for (int branch = 0; branch < branches_; ++branch) {
    const double stay = 1 - rate_ * branch / std::max(1, branches_ - 1);
    for (int64_t i = 0; i < samples; ++i) *value++ = random.Bernoulli(stay) ? static_cast<float>(1 / stay) : 0.0F;
  }
  if (keep_.defined() && keep_.sizes() == drawn.sizes() && keep_.device() == device) {
    keep_.copy_(CopyToDevice(drawn, device));  // a recorded pass reads this memory
  } else {
    keep_ = CopyToDevice(drawn, device);
  }
}

}  // namespace deepmad::models
