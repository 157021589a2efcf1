#include "train/numerics/loss_scale.h"

#include <ATen/ops/_amp_foreach_non_finite_check_and_unscale.h>
#include <ATen/ops/_amp_update_scale.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>
#include <c10/core/GradMode.h>

namespace deepmad::train {
namespace {

constexpr double kGrowth = 2, kBackoff = 0.5;

}  // namespace

LossScaleOptions ReadLossScale(const base::Config& config) {
  LossScaleOptions options;
  options.initial = config.GetDouble("initial", options.initial, 1, 0x1p40);
  options.growth_interval = config.GetInt("growth_interval", options.growth_interval, 1, 1'000'000'000);
  return options;
}

LossScale::LossScale(const LossScaleOptions& options, at::Device device)
    : growth_interval_(options.growth_interval),
      scale_(at::full({}, options.initial, at::TensorOptions(at::kFloat).device(device))),
      clean_updates_(at::zeros({}, at::TensorOptions(at::kInt).device(device))) {}

at::Tensor LossScale::UnscaleAndAdapt(const std::vector<at::Tensor>& gradients) {
  c10::AutoGradMode no_grad(false);
  at::Tensor found = at::zeros({}, scale_.options());
  // The exact inverse: the scale is a power of two unless the user chose another.
  at::_amp_foreach_non_finite_check_and_unscale_(gradients, found, scale_.to(at::kDouble).reciprocal().to(at::kFloat));
  at::_amp_update_scale_(scale_, clean_updates_, found, kGrowth, kBackoff, growth_interval_);
  return found;
}

double LossScale::value() const { return scale_.item<double>(); }

}  // namespace deepmad::train
