// AdamW (Loshchilov and Hutter, "Decoupled weight decay regularization", ICLR 2019):
// p -= lr * wd * p; m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2; p -= lr * (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps).
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/full.h>

#include "train/optimizers/adam_settings.h"
#include "train/optimizers/optimizer.h"

namespace deepmad::train {
namespace {

class AdamW : public Optimizer {
 public:
  AdamW(const models::NamedTensors& parameters, const AdamSettings& settings)
      : Optimizer(parameters, settings.groups, {"first_moment", "second_moment"}), settings_(settings) {}

 private:
  void StepGroup(ParameterGroup& group, const StepInputs& inputs) override {
    // The fused call wants a step counter per tensor: all share one. CUDA's kernel reads it as float32 whatever the parameters' type is.
    const at::Tensor step =
        at::full({}, static_cast<double>(steps() + 1), group.parameters[0].options().dtype(at::kFloat).requires_grad(false));
    const std::vector<at::Tensor> step_per_parameter(group.parameters.size(), step);
    at::_fused_adamw_(group.parameters, inputs.gradients, group.state[0], group.state[1], /*max_exp_avg_sqs=*/{}, step_per_parameter,
                      inputs.lr, settings_.beta1, settings_.beta2, group.weight_decay, settings_.epsilon, /*amsgrad=*/false,
                      /*maximize=*/false, /*grad_scale=*/{}, inputs.overflow);
  }

  AdamSettings settings_;
};

DEEPMAD_REGISTER(OptimizerRegistry, "adamw", "Adam with decoupled weight decay, fused",
                 [](const models::NamedTensors& parameters, const base::Config& config) {
                   return std::make_unique<AdamW>(parameters, ReadAdamSettings(config));
                 });

}  // namespace
}  // namespace deepmad::train
