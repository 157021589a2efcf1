#include "models/layers/fixed_order.h"

#include <ATen/Context.h>
#include <ATen/ops/adaptive_avg_pool2d.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/upsample_bilinear2d.h>
#include <ATen/ops/zeros.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

#include "models/device/pinned_copy.h"

namespace deepmad::models {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// [out, in] float64 on the CPU: what each place of the result takes of each place of the input, along one axis.
using AxisWeights = at::Tensor (*)(int64_t in, int64_t out);

at::Tensor BilinearWeights(int64_t in, int64_t out) {
  at::Tensor weights = at::zeros({out, in}, at::kDouble);
  const double scale = static_cast<double>(in) / static_cast<double>(out);
  for (int64_t i = 0; i < out; ++i) {
    const double place = std::max(0.0, (static_cast<double>(i) + 0.5) * scale - 0.5);
    const int64_t below = std::min(static_cast<int64_t>(place), in - 1), above = std::min(below + 1, in - 1);
    const double share = std::clamp(place - static_cast<double>(below), 0.0, 1.0);
    double* row = weights.mutable_data_ptr<double>() + i * in;
    row[below] += 1 - share;
    row[above] += share;
  }
  return weights;
}

at::Tensor AverageWeights(int64_t in, int64_t out) {
  at::Tensor weights = at::zeros({out, in}, at::kDouble);
  for (int64_t i = 0; i < out; ++i) {
    const int64_t begin = i * in / out, end = ((i + 1) * in + out - 1) / out;
    std::fill_n(weights.mutable_data_ptr<double>() + i * in + begin, end - begin, 1 / static_cast<double>(end - begin));
  }
  return weights;
}

// The gradient of a map from the one of the result, in float32 at least.
at::Tensor GradientOf(const at::Tensor& gradient, int64_t height, int64_t width, AxisWeights weights) {
  const at::Tensor wide = gradient.scalar_type() == at::kDouble ? gradient : gradient.to(at::kFloat);
  const auto on_device = [&](int64_t in, int64_t out) { return CopyToDevice(weights(in, out), wide.device()).to(wide.scalar_type()); };
  const at::Tensor columns = at::matmul(wide, on_device(width, wide.size(3)));
  return at::matmul(on_device(height, wide.size(2)).t(), columns).to(gradient.scalar_type());
}

struct Bilinear : torch::autograd::Function<Bilinear> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& map, at::IntArrayRef size) {
    context->saved_data["height"] = map.size(2);
    context->saved_data["width"] = map.size(3);
    return at::upsample_bilinear2d(map, size, /*align_corners=*/false);
  }
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    return {GradientOf(gradients[0], context->saved_data["height"].toInt(), context->saved_data["width"].toInt(), BilinearWeights),
            at::Tensor()};
  }
};

struct AdaptiveAverage : torch::autograd::Function<AdaptiveAverage> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& map, at::IntArrayRef size) {
    context->saved_data["height"] = map.size(2);
    context->saved_data["width"] = map.size(3);
    return at::adaptive_avg_pool2d(map, size);
  }
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    return {GradientOf(gradients[0], context->saved_data["height"].toInt(), context->saved_data["width"].toInt(), AverageWeights),
            at::Tensor()};
  }
};

}  // namespace

bool WantsFixedOrder(const at::Tensor& tensor) { return tensor.is_cuda() && at::globalContext().deterministicAlgorithms(); }

at::Tensor UpsampleBilinearInFixedOrder(const at::Tensor& map, at::IntArrayRef size) { return Bilinear::apply(map, size); }
at::Tensor AdaptiveAverageInFixedOrder(const at::Tensor& map, at::IntArrayRef size) { return AdaptiveAverage::apply(map, size); }

}  // namespace deepmad::models
