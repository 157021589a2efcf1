// AdamW (Loshchilov and Hutter, "Decoupled weight decay regularization", ICLR 2019):
// p -= lr * wd * p; m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2; p -= lr * (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps).
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/full.h>

#include "base/error.h"
#include "train/optimizer.h"

namespace deepmad::train {
namespace {

class AdamW : public Optimizer {
 public:
  AdamW(const NamedTensors& parameters, double weight_decay, double beta1, double beta2, double epsilon)
      : Optimizer(parameters, weight_decay, {"first_moment", "second_moment"}), beta1_(beta1), beta2_(beta2), epsilon_(epsilon) {}

 private:
  void StepGroup(ParameterGroup& group, const std::vector<at::Tensor>& gradients, double lr, bool /*first*/) override {
    // The fused call wants a step counter per tensor: all share one.
    const at::Tensor step = at::full({}, static_cast<double>(steps() + 1), group.parameters[0].options().requires_grad(false));
    const std::vector<at::Tensor> step_per_parameter(group.parameters.size(), step);
    at::_fused_adamw_(group.parameters, gradients, group.state[0], group.state[1], /*max_exp_avg_sqs=*/{}, step_per_parameter, lr, beta1_,
                      beta2_, group.weight_decay, epsilon_, /*amsgrad=*/false, /*maximize=*/false);
  }

  double beta1_;
  double beta2_;
  double epsilon_;
};

std::unique_ptr<Optimizer> MakeAdamW(const NamedTensors& parameters, const base::Config& config) {
  const double weight_decay = config.GetDouble("weight_decay", 0.01, 0, 10);
  const std::vector<double> betas = config.GetDoubles("betas", {0.9, 0.999}, 0, 0.9999999);
  if (betas.size() != 2) throw base::UsageError("betas wants two numbers", config.Where("betas"), "for example [0.9, 0.999]");
  const double epsilon = config.GetDouble("epsilon", 1e-8, 1e-16, 1);
  return std::make_unique<AdamW>(parameters, weight_decay, betas[0], betas[1], epsilon);
}

DEEPMAD_REGISTER(OptimizerRegistry, "adamw", "Adam with decoupled weight decay, fused", MakeAdamW);

}  // namespace
}  // namespace deepmad::train
