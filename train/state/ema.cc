#include "train/state/ema.h"

#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_foreach_copy.h>
#include <ATen/ops/_foreach_lerp.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_sub.h>
#include <ATen/ops/_fused_sgd.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <cmath>

#include "models/layers/named_tensors.h"

namespace deepmad::train {

Ema::Ema(models::NamedTensors source, double decay, bool warmup) : source_(std::move(source)), decay_(decay), warmup_(warmup) {
  c10::AutoGradMode no_grad(false);
  for (auto& [name, tensor] : source_) {
    tensor = tensor.detach();  // shares the memory, so that in-place writes through it are allowed
    average_.emplace_back(name, tensor.clone());
    (tensor.is_floating_point() ? source_floats_ : source_integers_).push_back(tensor);
    (tensor.is_floating_point() ? average_floats_ : average_integers_).push_back(average_.back().second);
  }
}

double Ema::DecayAt(int64_t update) const {
  if (!warmup_) return decay_;
  return std::min(decay_, 1 - std::pow(1.0 + static_cast<double>(update), -2.0 / 3.0));
}

void Ema::Update(const at::Tensor& overflow) {
  c10::AutoGradMode no_grad(false);
  const double share = 1 - DecayAt(updates_++);
  if (!overflow.defined()) {
    at::_foreach_lerp_(average_floats_, source_floats_, share);
    if (!average_integers_.empty()) at::_foreach_copy_(average_integers_, source_integers_);
    return;
  }
  // Gradient descent on |average - source|^2 / 2 is the same average, and its kernel looks at `overflow` first: statistics that are not
  // finite, which a factor of 0 would turn into NaN, are not touched.
  at::_fused_sgd_(average_floats_, at::_foreach_sub(average_floats_, source_floats_), /*momentum_buffer_list=*/{}, /*weight_decay=*/0,
                  /*momentum=*/0, share, /*dampening=*/0, /*nesterov=*/false, /*maximize=*/false, /*is_first_step=*/false,
                  /*grad_scale=*/{}, overflow);
  if (average_integers_.empty()) return;
  std::vector<at::Tensor> behind = at::_foreach_sub(source_integers_, average_integers_);
  at::_foreach_mul_(behind, overflow.eq(0).to(behind[0].scalar_type()));
  at::_foreach_add_(average_integers_, behind);
}

void Ema::Restore(const models::NamedTensors& tensors, int64_t updates) {
  models::CopyNamedTensors(tensors, average_);
  updates_ = updates;
}

void Ema::Swap() {
  c10::AutoGradMode no_grad(false);
  for (size_t i = 0; i < source_.size(); ++i) {
    const at::Tensor live = source_[i].second.clone();
    source_[i].second.copy_(average_[i].second);
    average_[i].second.copy_(live);
  }
}

}  // namespace deepmad::train
