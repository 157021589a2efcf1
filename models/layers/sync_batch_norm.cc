#include "models/layers/sync_batch_norm.h"

#include <ATen/ops/batch_norm.h>
#include <ATen/ops/batch_norm_backward_elemt.h>
#include <ATen/ops/batch_norm_backward_reduce.h>
#include <ATen/ops/batch_norm_elemt.h>
#include <ATen/ops/batch_norm_gather_stats_with_counts.h>
#include <ATen/ops/batch_norm_stats.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/native_batch_norm_backward.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/var_mean.h>
#include <torch/csrc/autograd/custom_function.h>

#include <vector>

#include "models/device/library_kernel.h"

namespace deepmad::models {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// The type of the statistics: never narrower than float32.
at::ScalarType Wide(const at::Tensor& x) { return x.scalar_type() == at::kDouble ? at::kDouble : at::kFloat; }

// [C] as [1, C, 1, 1] in the wide type of x.
at::Tensor PerChannel(const at::Tensor& values, const at::Tensor& x) {
  std::vector<int64_t> shape(static_cast<size_t>(x.dim()), 1);
  shape[1] = x.size(1);
  return values.to(Wide(x)).view(shape);
}

struct Moments {
  at::Tensor mean, var;  // [C] float64, var with the divisor `count`
  at::Tensor count;      // [1] float64: values a channel, of all ranks
};

// Each rank's own mean and variance, combined: unlike sums of squares they do not cancel.
Moments MomentsOfAll(const at::Tensor& x, const ProcessGroup& group) {
  const int64_t channels = x.size(1);
  std::vector<int64_t> others;
  for (int64_t axis = 0; axis < x.dim(); ++axis) {
    if (axis != 1) others.push_back(axis);
  }
  const auto [own_var, own_mean] = at::var_mean(x.to(Wide(x)), others, /*correction=*/0);
  const at::Tensor own_count = at::full({1}, static_cast<double>(x.numel() / channels), own_mean.options().dtype(at::kDouble));
  const at::Tensor all = group.Gather(at::cat({own_mean.to(at::kDouble), own_var.to(at::kDouble), own_count}));  // [ranks, 2 C + 1]
  const at::Tensor means = all.narrow(1, 0, channels), vars = all.narrow(1, channels, channels), counts = all.narrow(1, 2 * channels, 1);
  Moments moments;
  moments.count = counts.sum(0);
  const at::Tensor share = counts / moments.count;
  moments.mean = (means * share).sum(0);
  moments.var = ((vars + (means - moments.mean).square()) * share).sum(0);
  return moments;
}

struct SyncNormFunction : torch::autograd::Function<SyncNormFunction> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                            const NormArguments& norm, const ProcessGroup* group) {
    const Moments moments = MomentsOfAll(x, *group);
    const at::ScalarType kept = norm.running_mean.scalar_type();
    norm.running_mean.lerp_(moments.mean.to(kept), norm.momentum);
    norm.running_var.lerp_((moments.var * (moments.count / (moments.count - 1))).to(kept), norm.momentum);
    const at::Tensor mean = moments.mean.to(weight.scalar_type()), var = moments.var.to(weight.scalar_type());
    context->save_for_backward({x, weight, mean, var, moments.count});
    context->saved_data["eps"] = norm.eps;
    context->saved_data["group"] = reinterpret_cast<int64_t>(group);
    return at::batch_norm(x, weight, bias, mean, var, /*training=*/false, 0, norm.eps, /*cudnn_enabled=*/true);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &weight = saved[1], &mean = saved[2], &var = saved[3], &count = saved[4];
    const double eps = context->saved_data["eps"].toDouble();
    const auto* group = reinterpret_cast<const ProcessGroup*>(context->saved_data["group"].toInt());
    const at::Tensor grad = gradients[0].contiguous(x.suggest_memory_format());
    // The sums over this rank's values of grad * normalised and of grad: the gradients of weight and bias.
    const at::Tensor unsaved = at::empty({0}, mean.options());  // CUDA's kernel wants a tensor where nothing was saved
    const auto [unused, grad_weight, grad_bias] =
        at::native_batch_norm_backward(grad, x, weight, mean, var, unsaved, unsaved, /*train=*/false, eps, {false, true, true});
    const at::Tensor totals = at::cat({grad_weight, grad_bias}).to(at::kDouble);
    group->Sum(totals);
    const int64_t channels = x.size(1);
    const at::Tensor along = totals.narrow(0, 0, channels) / count, level = totals.narrow(0, channels, channels) / count;  // means
    // grad_x = weight * inverse * (grad - level - normalised * along)
    const at::Tensor inverse = (var.to(at::kDouble) + eps).rsqrt(), scale = weight.to(at::kDouble) * inverse;
    at::Tensor grad_x = (x.to(Wide(x)) - PerChannel(mean, x)).mul_(PerChannel(-scale * inverse * along, x));
    grad_x.sub_(PerChannel(scale * level, x)).addcmul_(grad.to(Wide(x)), PerChannel(scale, x));
    return {grad_x.to(x.scalar_type()), grad_weight, grad_bias, at::Tensor(), at::Tensor()};
  }
};

// The same by the kernels that LibTorch has for it on GPUs: two passes over the map in each direction, without a copy in float32.
struct KernelSyncNormFunction : torch::autograd::Function<KernelSyncNormFunction> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias,
                            const NormArguments& norm, const ProcessGroup* group) {
    const at::Tensor x = input.contiguous(input.suggest_memory_format());
    const int64_t channels = x.size(1);
    const auto [own_mean, own_inverse] = at::batch_norm_stats(x, norm.eps);
    const at::Tensor own_count = at::full({1}, static_cast<double>(x.numel() / channels), own_mean.options());
    const at::Tensor all = group->Gather(at::cat({own_mean, own_inverse, own_count}));  // [ranks, 2 C + 1]
    const at::Tensor counts = all.select(1, 2 * channels).contiguous();
    const auto [mean, inverse] =
        at::batch_norm_gather_stats_with_counts(x, all.narrow(1, 0, channels), all.narrow(1, channels, channels), norm.running_mean,
                                                norm.running_var, norm.momentum, norm.eps, counts);
    context->save_for_backward({x, weight, mean, inverse, counts.to(at::kInt)});
    context->saved_data["group"] = reinterpret_cast<int64_t>(group);
    return at::batch_norm_elemt(x, weight, bias, mean, inverse, norm.eps);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &weight = saved[1], &mean = saved[2], &inverse = saved[3], &counts = saved[4];
    const auto* group = reinterpret_cast<const ProcessGroup*>(context->saved_data["group"].toInt());
    const at::Tensor grad = gradients[0].contiguous(x.suggest_memory_format());
    const auto [level, along, grad_weight, grad_bias] = at::batch_norm_backward_reduce(grad, x, mean, inverse, weight, true, true, true);
    const at::Tensor totals = at::cat({level, along});
    group->Sum(totals);
    const int64_t channels = x.size(1);
    const at::Tensor grad_x = at::batch_norm_backward_elemt(grad, x, mean, inverse, weight, totals.narrow(0, 0, channels),
                                                            totals.narrow(0, channels, channels), counts);
    return {grad_x, grad_weight, grad_bias, at::Tensor(), at::Tensor()};
  }
};

// float64 is for comparisons, where the exchange is in float64 too.
bool HasOwnKernels(const at::Tensor& x) { return x.scalar_type() != at::kDouble && HasKernel("aten::batch_norm_stats", x.device()); }

}  // namespace

at::Tensor SyncNormAct(const at::Tensor& x, const NormArguments& norm, const NormTail& tail, const ProcessGroup& group) {
  at::Tensor y = HasOwnKernels(x) ? KernelSyncNormFunction::apply(x, norm.weight, norm.bias, norm, &group)
                                  : SyncNormFunction::apply(x, norm.weight, norm.bias, norm, &group);
  if (tail.residual.defined()) y = y.add(tail.residual);
  return tail.relu ? at::relu_(y) : y;
}

}  // namespace deepmad::models
