// Optimizers step a whole list of tensors in one fused call. They register themselves: train/optimizers/.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/config.h"
#include "base/registry.h"
#include "train/named_tensors.h"

namespace deepmad::train {

// Parameters that share a weight decay and a learning rate, with the slots of optimizer state (momentum, second moment) in the same order.
struct ParameterGroup {
  double weight_decay = 0;
  double lr_factor = 1;
  std::vector<std::string> names;
  std::vector<at::Tensor> parameters;          // leaves with requires_grad
  std::vector<std::vector<at::Tensor>> state;  // [slot][parameter], same shape and memory layout as the parameter
};

// Which parameters are treated how. A bias is that of a convolution or linear layer here, as told by a weight of more than one axis beside
// it: those of norms are no biases.
struct GroupRules {
  double weight_decay = 0;
  bool decay_all = false;     // for biases and normalisation too; else for convolution and linear weights (more than one axis) alone
  bool decay_biases = true;   // with decay_all: for biases as well
  double bias_lr_factor = 1;  // what the learning rate of biases is multiplied by
};
// The keys of these names; UsageError.
GroupRules ReadGroupRules(const base::Config& config, double weight_decay, double largest);

class Optimizer {
 public:
  // `slots`: names of the state tensors per parameter, for example {"momentum"}.
  Optimizer(const NamedTensors& parameters, const GroupRules& rules, std::vector<std::string> slots);
  virtual ~Optimizer() = default;
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;

  // One update from the parameters' gradients. FailedError naming a parameter that has none. `overflow`, a float32 scalar on the device,
  // may be undefined: where it holds 1 the device leaves parameters and state as they are, and the caller, once it knows, calls
  // UncountStep(). Only for an optimizer that SkipsOnDevice().
  void Step(double lr, const at::Tensor& overflow = {});
  // The newest step was skipped on the device: it does not count.
  void UncountStep() { --steps_; }
  // Whether Step() takes `overflow`.
  virtual bool SkipsOnDevice() const { return true; }
  // Drops the gradients: the next backward pass writes instead of adding. With `keep_memory` those that are there become zero instead.
  void ZeroGrad(bool keep_memory = false);
  // Of all parameters, not copies. FailedError naming a parameter that has none.
  std::vector<at::Tensor> Gradients() const;
  // Scales all gradients together to a global L2 norm of at most `max_norm` (none: only measures). Gives the norm before, a scalar tensor
  // on the parameters' device, so that nothing waits for it.
  at::Tensor ClipGradients(std::optional<double> max_norm);

  // All that Step depends on besides parameters and gradients; the tensors are the optimizer's own, not copies.
  NamedTensors State() const;
  // Copies from tensors as State() gave them. FailedError naming a missing one or a wrong shape or type.
  void Restore(const NamedTensors& state);

  int64_t steps() const { return steps_; }  // updates so far

 protected:
  struct StepInputs {
    std::vector<at::Tensor> gradients;   // in the order of group.parameters
    double lr = 0;                       // of the group
    bool first = false;                  // no update came before
    std::optional<at::Tensor> overflow;  // as Step() takes it; nullopt where that is undefined
  };
  virtual void StepGroup(ParameterGroup& group, const StepInputs& inputs) = 0;

 private:
  std::vector<at::Tensor> GradientsOf(const ParameterGroup& group) const;

  std::vector<std::string> slots_;
  std::vector<ParameterGroup> groups_;
  int64_t steps_ = 0;
};

// From the parameters by name and the `optimizer` section.
using OptimizerRegistry = base::Registry<std::unique_ptr<Optimizer>(const NamedTensors&, const base::Config&)>;

}  // namespace deepmad::train

template <>
const char* deepmad::train::OptimizerRegistry::kind();
