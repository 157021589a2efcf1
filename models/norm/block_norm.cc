#include "models/norm/block_norm.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <torch/csrc/autograd/custom_function.h>

#include <limits>
#include <optional>

#include "models/norm/block_types.h"

namespace deepmad::base {
template <>
const char* models::BlockRunnerRegistry::kind() {
  return "runner of norms";
}
}  // namespace deepmad::base

namespace deepmad::models {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

at::MemoryFormat LayoutOf(const at::Tensor& x) {
  const at::MemoryFormat last = x.dim() == 5 ? at::MemoryFormat::ChannelsLast3d : at::MemoryFormat::ChannelsLast;
  return x.is_contiguous(last) ? last : at::MemoryFormat::Contiguous;
}

bool Takes(const BlockRunner& runner, const at::Tensor& x, const NormArguments& norm, const NormTail& tail) {
  if (x.device().type() != runner.device_type()) return false;
  const at::ScalarType type = x.scalar_type();
  if ((x.dim() != 4 && x.dim() != 5) || x.numel() == 0 || x.numel() > std::numeric_limits<int32_t>::max()) return false;
  if (type != at::kFloat && type != at::kDouble && type != at::kBFloat16 && type != at::kHalf) return false;
  const at::ScalarType wanted = type == at::kDouble ? at::kDouble : at::kFloat;
  for (const at::Tensor& tensor : {norm.weight, norm.bias, norm.running_mean, norm.running_var}) {
    if (tensor.scalar_type() != wanted || !tensor.is_contiguous() || tensor.device() != x.device()) return false;
  }
  const at::MemoryFormat layout = LayoutOf(x);
  if (!x.is_contiguous(layout)) return false;
  const at::Tensor& residual = tail.residual;
  return !residual.defined() || (residual.sizes() == x.sizes() && residual.scalar_type() == type && residual.is_contiguous(layout));
}

void* Data(const at::Tensor& tensor) { return tensor.defined() ? tensor.data_ptr() : nullptr; }

bool IsAligned(const at::Tensor& tensor) { return reinterpret_cast<uintptr_t>(Data(tensor)) % kVectorBytes == 0; }

// The passes over one map.
class Pass {
 public:
  // `maps`: all that a pass reads or writes beside x.
  Pass(const BlockRunner& runner, const at::Tensor& x, const NormArguments& norm, std::initializer_list<at::Tensor> maps)
      : runner_(runner), x_(x), vector_(VectorOf(x, maps)), work_(ShapeOf(x, vector_)) {
    work_.x = Data(x);
    work_.weight = Data(norm.weight);
    work_.bias = Data(norm.bias);
    work_.running_mean = Data(norm.running_mean);
    work_.running_var = Data(norm.running_var);
    work_.momentum = norm.momentum;
    work_.eps = norm.eps;
    work_.training = norm.training;
  }

  NormWork& work() { return work_; }
  void Run(NormStep step) const { runner_.Run(step, x_.scalar_type(), vector_, work_, x_.device()); }
  // Of the type in which the norm is computed.
  at::Tensor Numbers(at::IntArrayRef sizes) const {
    return at::empty(sizes, x_.options().dtype(x_.scalar_type() == at::kDouble ? at::kDouble : at::kFloat));
  }
  at::Tensor Partial() const { return Numbers({2, work_.shape.chunks, work_.shape.channels}); }

 private:
  static int VectorOf(const at::Tensor& x, std::initializer_list<at::Tensor> maps) {
    const int widest = WidestVector(x.scalar_type());
    const bool last = LayoutOf(x) != at::MemoryFormat::Contiguous;
    const int64_t neighbours = last ? x.size(1) : x.numel() / (x.size(0) * x.size(1));
    bool whole = neighbours % widest == 0 && IsAligned(x);
    for (const at::Tensor& map : maps) whole = whole && IsAligned(map);
    return whole ? widest : 1;
  }
  static NormShape ShapeOf(const at::Tensor& x, int vector) {
    const int64_t channels = x.size(1);
    return {channels, x.numel() / channels, x.numel() / (x.size(0) * channels), LayoutOf(x) != at::MemoryFormat::Contiguous, vector};
  }

  const BlockRunner& runner_;
  const at::Tensor x_;
  int vector_;
  NormWork work_;
};

struct Output {
  at::Tensor y, statistics;
};

Output Forward(const BlockRunner& runner, const at::Tensor& x, const NormArguments& norm, const NormTail& tail) {
  const at::Tensor y = at::empty_like(x);
  Pass pass(runner, x, norm, {y, tail.residual});
  const at::Tensor statistics = pass.Numbers({2, x.size(1)});
  pass.work().statistics = Data(statistics);
  if (norm.training) {
    const at::Tensor partial = pass.Partial();
    pass.work().partial = Data(partial);
    pass.Run(NormStep::kMoments);
    pass.Run(NormStep::kMerge);
  } else {
    pass.Run(NormStep::kRunning);
  }
  pass.work().residual = Data(tail.residual);
  pass.work().result = Data(y);
  pass.work().relu = tail.relu;
  pass.Run(NormStep::kForward);
  return {y, statistics};
}

struct BlockNormFunction : torch::autograd::Function<BlockNormFunction> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                            const std::optional<at::Tensor>& residual, const NormArguments& norm, bool relu, const BlockRunner* runner) {
    const Output output = Forward(*runner, x, norm, {residual.value_or(at::Tensor()), relu});
    // With a residual the input of the ReLU cannot be had from x alone; the result is kept by the next layer anyhow.
    context->save_for_backward({x, weight, bias, output.statistics, relu && residual ? output.y : at::Tensor()});
    context->saved_data["relu"] = relu;
    context->saved_data["training"] = norm.training;
    context->saved_data["residual"] = residual.has_value();
    context->saved_data["runner"] = reinterpret_cast<int64_t>(runner);
    return output.y;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &weight = saved[1], &bias = saved[2], &statistics = saved[3], &output = saved[4];
    const auto& runner = *reinterpret_cast<const BlockRunner*>(context->saved_data["runner"].toInt());
    const at::Tensor gradient = gradients[0].contiguous(LayoutOf(x));
    const at::Tensor x_gradient = at::empty_like(x), weight_gradient = at::empty_like(weight), bias_gradient = at::empty_like(bias);
    const at::Tensor behind = output.defined() ? at::empty_like(x) : gradient;  // the gradient behind the norm, where it is written down

    Pass pass(runner, x, {weight, bias, {}, {}, context->saved_data["training"].toBool(), 0, 0}, {gradient, x_gradient, behind, output});
    const at::Tensor partial = pass.Partial(), slopes = pass.Numbers({2, x.size(1)});
    NormWork& work = pass.work();
    work.statistics = Data(statistics);
    work.output_gradient = Data(gradient);
    work.output = Data(output);
    work.relu = context->saved_data["relu"].toBool() && !output.defined();
    work.result = Data(behind);
    work.partial = Data(partial);
    work.slopes = Data(slopes);
    work.weight_gradient = Data(weight_gradient);
    work.bias_gradient = Data(bias_gradient);
    pass.Run(NormStep::kSums);
    pass.Run(NormStep::kGradients);
    work.output_gradient = Data(behind);
    work.result = Data(x_gradient);
    pass.Run(NormStep::kBackward);
    const bool residual = context->saved_data["residual"].toBool();
    return {x_gradient, weight_gradient, bias_gradient, residual ? behind : at::Tensor(), at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

}  // namespace

at::Tensor BlockNormAct(const BlockRunner& runner, const at::Tensor& x, const NormArguments& norm, const NormTail& tail) {
  if (!Takes(runner, x, norm, tail)) return NormActByOperations(x, norm, tail);
  if (!at::GradMode::is_enabled()) return Forward(runner, x, norm, tail).y;
  const std::optional<at::Tensor> residual = tail.residual.defined() ? std::optional(tail.residual) : std::nullopt;
  return BlockNormFunction::apply(x, norm.weight, norm.bias, residual, norm, tail.relu, &runner);
}

}  // namespace deepmad::models
