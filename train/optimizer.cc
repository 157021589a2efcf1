#include "train/optimizer.h"

#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/_foreach_zero.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros_like.h>
#include <c10/core/GradMode.h>

#include "base/error.h"

template <>
const char* deepmad::train::OptimizerRegistry::kind() {
  return "optimizer";
}

namespace deepmad::train {

WeightDecay ReadWeightDecay(const base::Config& config, double rate, double largest) {
  return {config.GetDouble("weight_decay", rate, 0, largest), config.GetBool("decay_all", false)};
}

Optimizer::Optimizer(const NamedTensors& parameters, const WeightDecay& weight_decay, std::vector<std::string> slots)
    : slots_(std::move(slots)) {
  ParameterGroup decayed, plain;
  decayed.weight_decay = weight_decay.rate;
  for (const auto& [name, tensor] : parameters) {
    ParameterGroup& group = weight_decay.all || tensor.dim() > 1 ? decayed : plain;
    group.names.push_back(name);
    group.parameters.push_back(tensor);
  }
  for (ParameterGroup* group : {&decayed, &plain}) {
    if (group->parameters.empty()) continue;
    group->state.resize(slots_.size());
    for (std::vector<at::Tensor>& slot : group->state) {
      for (const at::Tensor& parameter : group->parameters) slot.push_back(at::zeros_like(parameter.detach()));
    }
    groups_.push_back(std::move(*group));
  }
}

std::vector<at::Tensor> Optimizer::GradientsOf(const ParameterGroup& group) const {
  std::vector<at::Tensor> gradients;
  gradients.reserve(group.parameters.size());
  for (size_t i = 0; i < group.parameters.size(); ++i) {
    const at::Tensor& gradient = group.parameters[i].grad();
    if (!gradient.defined()) throw base::FailedError("a parameter has no gradient", group.names[i]);
    gradients.push_back(gradient);
  }
  return gradients;
}

std::vector<at::Tensor> Optimizer::Gradients() const {
  std::vector<at::Tensor> gradients;
  for (const ParameterGroup& group : groups_) {
    for (at::Tensor& gradient : GradientsOf(group)) gradients.push_back(std::move(gradient));
  }
  return gradients;
}

void Optimizer::Step(double lr) {
  c10::AutoGradMode no_grad(false);
  for (ParameterGroup& group : groups_) StepGroup(group, GradientsOf(group), lr, steps_ == 0);
  ++steps_;
}

void Optimizer::ZeroGrad(bool keep_memory) {
  std::vector<at::Tensor> kept;
  for (ParameterGroup& group : groups_) {
    for (at::Tensor& parameter : group.parameters) {
      at::Tensor& gradient = parameter.mutable_grad();
      if (keep_memory && gradient.defined()) kept.push_back(gradient);
      if (!keep_memory) gradient.reset();
    }
  }
  if (!kept.empty()) at::_foreach_zero_(kept);
}

at::Tensor Optimizer::ClipGradients(std::optional<double> max_norm) {
  c10::AutoGradMode no_grad(false);
  const std::vector<at::Tensor> gradients = Gradients();
  const at::Tensor norm = at::linalg_vector_norm(at::stack(at::_foreach_norm(gradients, 2)));
  if (max_norm) {
    // 1e-6 keeps a zero norm from dividing by zero.
    const at::Tensor scale = norm.add(1e-6).reciprocal().mul(*max_norm).clamp_max(1.0);
    at::_foreach_mul_(gradients, scale);
  }
  return norm;
}

NamedTensors Optimizer::State() const {
  NamedTensors state;
  state.emplace_back("steps", at::scalar_tensor(steps_, at::kLong));
  for (const ParameterGroup& group : groups_) {
    for (size_t slot = 0; slot < slots_.size(); ++slot) {
      for (size_t i = 0; i < group.names.size(); ++i) state.emplace_back(slots_[slot] + "." + group.names[i], group.state[slot][i]);
    }
  }
  return state;
}

void Optimizer::Restore(const NamedTensors& state) {
  const NamedTensors own = State();
  CopyNamedTensors(state, own);
  steps_ = own[0].second.item<int64_t>();
}

}  // namespace deepmad::train
