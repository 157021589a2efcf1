// LAMB (You et al., "Large batch optimization for deep learning", ICLR 2020): Adam's direction, with decay, brought to the norm of the
// weight: m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2; u = (m / (1 - b1^t)) / (sqrt(v) / sqrt(1 - b2^t) + eps). Tensors with decay: u +=
// wd p; u *= |p| / |u| (L2 norms of the whole tensor; 1 where either is 0). p -= lr u. The recipe clips the gradients before (clip_norm).
#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_foreach_addcmul.h>
#include <ATen/ops/_foreach_div.h>
#include <ATen/ops/_foreach_lerp.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/_foreach_sqrt.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/where.h>

#include <cmath>

#include "train/optimizers/adam_settings.h"
#include "train/optimizers/optimizer.h"

namespace deepmad::train {
namespace {

class Lamb : public Optimizer {
 public:
  Lamb(const models::NamedTensors& parameters, const AdamSettings& settings)
      : Optimizer(parameters, settings.groups, {"first_moment", "second_moment"}), settings_(settings) {}

 private:
  bool SkipsOnDevice() const override { return false; }  // no operation over a list of tensors is conditional
  void StepGroup(ParameterGroup& group, const StepInputs& inputs) override {
    const std::vector<at::Tensor>& gradients = inputs.gradients;
    const auto t = static_cast<double>(steps() + 1);
    at::_foreach_lerp_(group.state[0], gradients, 1 - settings_.beta1);
    at::_foreach_mul_(group.state[1], settings_.beta2);
    at::_foreach_addcmul_(group.state[1], gradients, gradients, 1 - settings_.beta2);
    std::vector<at::Tensor> divisor = at::_foreach_sqrt(group.state[1]);
    at::_foreach_div_(divisor, std::sqrt(1 - std::pow(settings_.beta2, t)));
    at::_foreach_add_(divisor, settings_.epsilon);
    std::vector<at::Tensor> update = at::_foreach_div(group.state[0], 1 - std::pow(settings_.beta1, t));
    at::_foreach_div_(update, divisor);
    if (group.weight_decay > 0) {
      at::_foreach_add_(update, group.parameters, group.weight_decay);
      at::_foreach_mul_(update, TrustRatios(group.parameters, update));
    }
    at::_foreach_add_(group.parameters, update, -inputs.lr);
  }

  static std::vector<at::Tensor> TrustRatios(const std::vector<at::Tensor>& parameters, const std::vector<at::Tensor>& update) {
    const at::Tensor weight_norm = at::stack(at::_foreach_norm(parameters, 2)), update_norm = at::stack(at::_foreach_norm(update, 2));
    const at::Tensor both = weight_norm.gt(0).logical_and(update_norm.gt(0));
    return at::where(both, weight_norm.div(update_norm), at::ones_like(weight_norm)).unbind();
  }

  AdamSettings settings_;
};

DEEPMAD_REGISTER(OptimizerRegistry, "lamb", "Adam's direction brought to the norm of each weight, for large batches",
                 [](const models::NamedTensors& parameters, const base::Config& config) {
                   return std::make_unique<Lamb>(parameters, ReadAdamSettings(config, {.epsilon = 1e-6}));
                 });

}  // namespace
}  // namespace deepmad::train
