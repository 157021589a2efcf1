// Base class of the optimizers, which update a whole list of tensors in one fused call. They register themselves in train/optimizers/.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/config/config.h"
#include "base/registry.h"
#include "models/layers/named_tensors.h"

namespace deepmad::train {

// Parameters that share a weight decay and a learning rate, with the slots of optimizer state (momentum, second moment) in the same order.
struct ParameterGroup {
  double weight_decay = 0;
  double lr_factor = 1;
  std::vector<std::string> names;
  std::vector<at::Tensor> parameters;          // leaves with requires_grad
  std::vector<std::vector<at::Tensor>> state;  // [slot][parameter], same shape and memory layout as the parameter
};

// How weight decay and learning rate apply to parameters. "Bias" means the bias of a convolution or linear layer (its sibling `weight` has
// more than one dimension). Shifts of norms do not count.
struct GroupRules {
  double weight_decay = 0;
  bool decay_all = false;     // true: decay all parameters; false: only weights with more than one dimension
  bool decay_biases = true;   // with decay_all: whether biases decay
  double bias_lr_factor = 1;  // multiplies the learning rate of biases
};
// Reads the keys weight_decay (default `weight_decay`, at most `largest`), decay_all, decay_biases and bias_lr_factor. Throws UsageError.
GroupRules ReadGroupRules(const base::Config& config, double weight_decay, double largest);

class Optimizer {
 public:
  // `slots` names the state tensors that each parameter has, for example {"momentum"}.
  Optimizer(const models::NamedTensors& parameters, const GroupRules& rules, std::vector<std::string> slots);
  virtual ~Optimizer() = default;
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;

  // Performs one update from the gradients. Throws FailedError naming a parameter without a gradient. `overflow`, a float32 scalar on the
  // device, may be undefined. If it holds 1, the device leaves parameters and state as they are; the caller, once it knows, calls
  // UncountStep(). REQUIRES SkipsOnDevice() if `overflow` is defined.
  void Step(double lr, const at::Tensor& overflow = {});
  // Takes back the count of the newest step, which the device skipped.
  void UncountStep() { --steps_; }
  // Whether Step() accepts `overflow`.
  virtual bool SkipsOnDevice() const { return true; }
  // Releases the gradients, so that the next backward pass writes instead of adding. With `keep_memory`, sets existing gradients to zero
  // instead.
  void ZeroGrad(bool keep_memory = false);
  // The gradients of all parameters, sharing their memory. Throws FailedError naming a parameter without a gradient.
  std::vector<at::Tensor> Gradients() const;
  // Scales all gradients together to a global L2 norm of at most `max_norm`, or only measures the norm if it is nullopt. Returns the norm
  // before scaling as a scalar tensor on the parameters' device, without waiting for the device.
  at::Tensor ClipGradients(std::optional<double> max_norm);

  // Everything that Step() depends on besides parameters and gradients. The tensors share memory with the optimizer.
  models::NamedTensors State() const;
  // Restores tensors saved from State(). Throws FailedError naming a tensor that is missing or has the wrong shape or type.
  void Restore(const models::NamedTensors& state);

  int64_t steps() const { return steps_; }  // updates so far

 protected:
  struct StepInputs {
    std::vector<at::Tensor> gradients;   // in the order of group.parameters
    double lr = 0;                       // of the group
    bool first = false;                  // the first update of a run
    std::optional<at::Tensor> overflow;  // see Step(); nullopt if undefined there
  };
  // Updates one group.
  virtual void StepGroup(ParameterGroup& group, const StepInputs& inputs) = 0;

 private:
  std::vector<at::Tensor> GradientsOf(const ParameterGroup& group) const;

  std::vector<std::string> slots_;
  std::vector<ParameterGroup> groups_;
  int64_t steps_ = 0;
};

// A factory gets the parameters by name and the `optimizer` section.
using OptimizerRegistry = base::Registry<std::unique_ptr<Optimizer>(const models::NamedTensors&, const base::Config&)>;

}  // namespace deepmad::train

template <>
const char* deepmad::train::OptimizerRegistry::kind();
