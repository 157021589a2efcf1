#include "train/optimizers/optimizer.h"

#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/_foreach_zero.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros_like.h>
#include <c10/core/GradMode.h>

#include <set>
#include <string_view>

#include "base/error.h"

template <>
const char* deepmad::train::OptimizerRegistry::kind() {
  return "optimizer";
}

namespace deepmad::train {

GroupRules ReadGroupRules(const base::Config& config, double weight_decay, double largest) {
  GroupRules rules;
  rules.weight_decay = config.GetDouble("weight_decay", weight_decay, 0, largest);
  rules.decay_all = config.GetBool("decay_all", rules.decay_all);
  rules.decay_biases = config.GetBool("decay_biases", rules.decay_biases);
  rules.bias_lr_factor = config.GetDouble("bias_lr_factor", rules.bias_lr_factor, 0, 1000);
  return rules;
}

namespace {

// Whether a weight of more than one axis stands beside it.
bool IsBias(const std::string& name, const std::set<std::string>& wide) {
  constexpr std::string_view kBias = "bias";
  return name.ends_with(kBias) && wide.contains(name.substr(0, name.size() - kBias.size()) + "weight");
}

}  // namespace

Optimizer::Optimizer(const models::NamedTensors& parameters, const GroupRules& rules, std::vector<std::string> slots)
    : slots_(std::move(slots)) {
  ParameterGroup decayed, plain, biases;
  decayed.weight_decay = rules.weight_decay;
  biases.weight_decay = rules.decay_all && rules.decay_biases ? rules.weight_decay : 0;
  biases.lr_factor = rules.bias_lr_factor;
  const bool biases_differ = biases.lr_factor != 1 || (rules.decay_all && !rules.decay_biases);
  std::set<std::string> wide;
  for (const auto& [name, tensor] : parameters) {
    if (tensor.dim() > 1) wide.insert(name);
  }
  for (const auto& [name, tensor] : parameters) {
    ParameterGroup& group = biases_differ && IsBias(name, wide) ? biases : rules.decay_all || tensor.dim() > 1 ? decayed : plain;
    group.names.push_back(name);
    group.parameters.push_back(tensor);
  }
  for (ParameterGroup* group : {&decayed, &plain, &biases}) {
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

void Optimizer::Step(double lr, const at::Tensor& overflow) {
  c10::AutoGradMode no_grad(false);
  const std::optional<at::Tensor> skip = overflow.defined() ? std::optional(overflow) : std::nullopt;
  for (ParameterGroup& group : groups_) StepGroup(group, {GradientsOf(group), lr * group.lr_factor, steps_ == 0, skip});
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

models::NamedTensors Optimizer::State() const {
  models::NamedTensors state;
  state.emplace_back("steps", at::scalar_tensor(steps_, at::kLong));
  for (const ParameterGroup& group : groups_) {
    for (size_t slot = 0; slot < slots_.size(); ++slot) {
      for (size_t i = 0; i < group.names.size(); ++i) state.emplace_back(slots_[slot] + "." + group.names[i], group.state[slot][i]);
    }
  }
  return state;
}

void Optimizer::Restore(const models::NamedTensors& state) {
  const models::NamedTensors own = State();
  models::CopyNamedTensors(state, own);
  steps_ = own[0].second.item<int64_t>();
}

}  // namespace deepmad::train
