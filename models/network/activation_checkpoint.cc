#include "models/network/activation_checkpoint.h"

#include <ATen/autocast_mode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

#include <utility>

namespace deepmad::models {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// The autocast of the first pass, for the second: that runs in the backward pass, where autocast is off.
class AutocastAgain {
 public:
  AutocastAgain(bool enabled, at::ScalarType type, at::DeviceType device)
      : enabled_(enabled), device_(device), was_enabled_(at::autocast::is_autocast_enabled(device)) {
    at::autocast::set_autocast_enabled(device_, enabled_);
    if (!enabled_) return;
    at::autocast::set_autocast_dtype(device_, type);
    at::autocast::increment_nesting();
  }
  ~AutocastAgain() {
    if (enabled_ && at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
    at::autocast::set_autocast_enabled(device_, was_enabled_);
  }
  AutocastAgain(const AutocastAgain&) = delete;
  AutocastAgain& operator=(const AutocastAgain&) = delete;

 private:
  bool enabled_;
  at::DeviceType device_;
  bool was_enabled_;
};

// Running statistics moved in the first pass already.
class StatisticsAtRest {
 public:
  explicit StatisticsAtRest(BatchNormSettings& settings) : settings_(settings), momentum_(std::exchange(settings.momentum, 0)) {}
  ~StatisticsAtRest() { settings_.momentum = momentum_; }
  StatisticsAtRest(const StatisticsAtRest&) = delete;
  StatisticsAtRest& operator=(const StatisticsAtRest&) = delete;

 private:
  BatchNormSettings& settings_;
  double momentum_;
};

// The parameters are inputs too, so that their gradients come as those of any other operation.
struct RecomputeFunction : torch::autograd::Function<RecomputeFunction> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, at::TensorList /*parameters*/, int64_t part) {
    const at::DeviceType device = x.device().type();
    context->save_for_backward({x});
    context->saved_data["part"] = part;
    context->saved_data["x_requires_grad"] = x.requires_grad();
    context->saved_data["autocast"] = at::autocast::is_autocast_enabled(device);
    context->saved_data["type"] = static_cast<int64_t>(at::autocast::get_autocast_dtype(device));
    return reinterpret_cast<const RecomputedPart*>(part)->forward(x);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto& part = *reinterpret_cast<const RecomputedPart*>(context->saved_data["part"].toInt());
    const bool wants_x = context->saved_data["x_requires_grad"].toBool();
    const at::Tensor x = context->get_saved_variables()[0].detach().requires_grad_(wants_x);
    at::Tensor y;
    {
      const at::AutoGradMode grad(true);
      const AutocastAgain autocast(context->saved_data["autocast"].toBool(),
                                   static_cast<at::ScalarType>(context->saved_data["type"].toInt()), x.device().type());
      const StatisticsAtRest at_rest(*part.norms);
      y = part.forward(x);
    }
    variable_list inputs;
    if (wants_x) inputs.push_back(x);
    for (const at::Tensor& parameter : part.parameters) {
      if (parameter.requires_grad()) inputs.push_back(parameter);
    }
    const variable_list found = torch::autograd::grad({y}, inputs, {gradients[0]}, /*retain_graph=*/std::nullopt, /*create_graph=*/false,
                                                      /*allow_unused=*/true);
    variable_list result;
    size_t next = 0;
    result.push_back(wants_x ? found[next++] : at::Tensor());
    for (const at::Tensor& parameter : part.parameters) result.push_back(parameter.requires_grad() ? found[next++] : at::Tensor());
    result.emplace_back();
    return result;
  }
};

}  // namespace

at::Tensor Recompute(const RecomputedPart& part, const at::Tensor& x) {
  if (!at::GradMode::is_enabled()) return part.forward(x);
  return RecomputeFunction::apply(x, at::TensorList(part.parameters), reinterpret_cast<int64_t>(&part));
}

}  // namespace deepmad::models
