// Stochastic gradient descent: g += wd * p; buf = mu * buf + g (first step buf = g); d = nesterov ? g + mu * buf : buf; p -= lr * d.
#include <ATen/ops/_fused_sgd.h>

#include "base/error.h"
#include "train/optimizers/optimizer.h"

namespace deepmad::train {
namespace {

class Sgd : public Optimizer {
 public:
  Sgd(const models::NamedTensors& parameters, const GroupRules& groups, double momentum, bool nesterov)
      : Optimizer(parameters, groups, momentum > 0 ? std::vector<std::string>{"momentum"} : std::vector<std::string>{}),
        momentum_(momentum),
        nesterov_(nesterov) {}

 private:
  void StepGroup(ParameterGroup& group, const StepInputs& inputs) override {
    const std::vector<at::Tensor> none;
    at::_fused_sgd_(group.parameters, inputs.gradients, momentum_ > 0 ? group.state[0] : none, group.weight_decay, momentum_, inputs.lr,
                    /*dampening=*/0, nesterov_, /*maximize=*/false, inputs.first, /*grad_scale=*/{}, inputs.overflow);
  }

  double momentum_;
  bool nesterov_;
};

std::unique_ptr<Optimizer> MakeSgd(const models::NamedTensors& parameters, const base::Config& config) {
  const GroupRules groups = ReadGroupRules(config, 0, 1);
  const double momentum = config.GetDouble("momentum", 0.9, 0, 1);
  const bool nesterov = config.GetBool("nesterov", true);
  if (nesterov && momentum == 0) {
    throw base::UsageError("nesterov needs a momentum", config.Where("nesterov"), "set momentum, for example 0.9, or nesterov: false");
  }
  return std::make_unique<Sgd>(parameters, groups, momentum, nesterov);
}

DEEPMAD_REGISTER(OptimizerRegistry, "sgd", "stochastic gradient descent with momentum, fused", MakeSgd);

}  // namespace
}  // namespace deepmad::train
