#include "models/inference/folded_conv.h"

#include <ATen/Context.h>
#include <ATen/Version.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/conv3d.h>
#include <ATen/ops/cudnn_convolution_add_relu.h>
#include <ATen/ops/cudnn_convolution_relu.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/relu.h>
#include <c10/util/accumulate.h>

#include <algorithm>
#include <limits>
#include <string_view>
#include <utility>

#include "models/device/library_kernel.h"

namespace deepmad::models {
namespace {

using Scalars = c10::List<std::optional<at::Scalar>>;
using Algorithm = std::optional<std::string_view>;

// LibTorch's operators over oneDNN, registered without a C++ header. The weight is one that kReorder gave.
using ReorderWeight = at::Tensor(const at::Tensor& weight, at::IntArrayRef padding, at::IntArrayRef stride, at::IntArrayRef dilation,
                                 int64_t groups, at::OptionalIntArrayRef input_size);
using ConvPointwise = at::Tensor(const at::Tensor& x, const at::Tensor& weight, const std::optional<at::Tensor>& bias,
                                 at::IntArrayRef padding, at::IntArrayRef stride, at::IntArrayRef dilation, int64_t groups,
                                 std::string_view activation, Scalars limits, Algorithm algorithm);
using ConvAdd = at::Tensor(const at::Tensor& x, const at::Tensor& other, const at::Tensor& weight, const std::optional<at::Tensor>& bias,
                           at::IntArrayRef padding, at::IntArrayRef stride, at::IntArrayRef dilation, int64_t groups,
                           std::string_view operation, std::optional<at::Scalar> alpha, Algorithm activation, Scalars limits,
                           Algorithm algorithm);
using ConvAddInPlace = at::Tensor&(at::Tensor& other, const at::Tensor& x, const at::Tensor& weight, const std::optional<at::Tensor>& bias,
                                   at::IntArrayRef padding, at::IntArrayRef stride, at::IntArrayRef dilation, int64_t groups,
                                   std::string_view operation, std::optional<at::Scalar> alpha, Algorithm activation, Scalars limits,
                                   Algorithm algorithm);

struct OneDnn {
  c10::TypedOperatorHandle<ReorderWeight> reorder;
  c10::TypedOperatorHandle<ConvPointwise> conv;
  c10::TypedOperatorHandle<ConvAdd> conv_add;
  c10::TypedOperatorHandle<ConvAddInPlace> conv_add_in_place;
};

const OneDnn& Operators() {
  static const OneDnn operators = [] {
    c10::Dispatcher& dispatcher = c10::Dispatcher::singleton();
    return OneDnn{dispatcher.findSchemaOrThrow("mkldnn::_reorder_convolution_weight", "").typed<ReorderWeight>(),
                  dispatcher.findSchemaOrThrow("mkldnn::_convolution_pointwise", "").typed<ConvPointwise>(),
                  dispatcher.findSchemaOrThrow("mkldnn::_convolution_pointwise", "binary").typed<ConvAdd>(),
                  dispatcher.findSchemaOrThrow("mkldnn::_convolution_pointwise_", "binary").typed<ConvAddInPlace>()};
  }();
  return operators;
}

// In bfloat16 oneDNN refuses processors without AVX-512, which LibTorch's own kernels do not.
bool OneDnnTakes(const at::Tensor& weight) {
  if (!weight.is_cpu() || !at::hasMKLDNN() || !at::globalContext().userEnabledMkldnn()) return false;
  if (weight.scalar_type() == at::kFloat) return true;
  return weight.scalar_type() == at::kBFloat16 && at::get_cpu_capability().starts_with("AVX512");
}

at::MemoryFormat LayoutOf(const at::Tensor& x) { return x.dim() == 5 ? at::MemoryFormat::ChannelsLast3d : at::MemoryFormat::ChannelsLast; }

}  // namespace

FoldedConv::FoldedConv(const at::Tensor& weight, const at::Tensor& bias, ConvGeometry geometry, mad::ActivationKind activation,
                       at::IntArrayRef input)
    : bias_(bias.defined() ? std::optional(bias) : std::nullopt),
      geometry_(std::move(geometry)),
      dilation_(geometry_.stride.size(), 1),
      activation_(activation),
      post_op_(OneDnnPostOpOf(activation)),
      weights_a_channel_(weight.numel() / weight.size(0)),
      one_dnn_(OneDnnTakes(weight)) {
  if (post_op_) {
    for (const double scalar : post_op_->scalars) post_op_scalars_.push_back(at::Scalar(scalar));
  }
  weight_ = weight.contiguous(LayoutOf(weight));
  if (!one_dnn_ && CudnnTakes(input)) cudnn_input_.assign(input.begin(), input.end());
  if (one_dnn_) weight_ = Operators().reorder.call(weight_, geometry_.padding, geometry_.stride, dilation_, geometry_.groups, input);
}

bool FoldedConv::CudnnTakes(at::IntArrayRef input) const {
  const bool alone = activation_ == mad::ActivationKind::kRelu;  // else what follows is a shortcut and a ReLU, or nothing
  const char* operation = alone ? "aten::cudnn_convolution_relu" : "aten::cudnn_convolution_add_relu";
  if (geometry_.groups != 1 || weight_.scalar_type() == at::kDouble || !HasKernel(operation, weight_.device())) return false;
  if (!at::globalContext().userEnabledCuDNN() || (!alone && activation_ != mad::ActivationKind::kNone)) return false;

  std::vector<int64_t> image(input.begin(), input.end());
  image[0] = 1;
  const int64_t elements = c10::multiply_integers(image);
  const at::Tensor x = at::linspace(-1, 1, elements, weight_.options()).view(image).expand(input).contiguous(LayoutOf(weight_));
  const at::Tensor plain = Convolve(x), shortcut = alone ? at::Tensor() : plain.neg().mul_(0.5);
  const at::Tensor expected = at::relu(alone ? plain : plain + shortcut);
  try {
    at::full_like(expected, std::numeric_limits<double>::quiet_NaN());  // so that the result comes where no number was before
    const at::Tensor difference = (CudnnRelu(x, shortcut) - expected).abs().max();
    // Another algorithm rounds otherwise, at most as bfloat16 and TF32 do.
    return difference.item<double>() <= 0.03 * std::max(1e-3, expected.abs().max().item<double>());
  } catch (const c10::Error&) {  // cuDNN has no such kernel for this size
    return false;
  }
}

at::Tensor FoldedConv::CudnnRelu(const at::Tensor& x, const at::Tensor& shortcut) const {
  if (!shortcut.defined()) {
    return at::cudnn_convolution_relu(x, weight_, bias_, geometry_.stride, geometry_.padding, dilation_, geometry_.groups);
  }
  return at::cudnn_convolution_add_relu(x, weight_, shortcut, 1, bias_, geometry_.stride, geometry_.padding, dilation_, geometry_.groups);
}

at::Tensor FoldedConv::Convolve(const at::Tensor& x) const {
  return geometry_.stride.size() == 3 ? at::conv3d(x, weight_, bias_, geometry_.stride, geometry_.padding, dilation_, geometry_.groups)
                                      : at::conv2d(x, weight_, bias_, geometry_.stride, geometry_.padding, dilation_, geometry_.groups);
}

at::Tensor FoldedConv::Forward(const at::Tensor& x) const {
  if (activation_ == mad::ActivationKind::kRelu && x.sizes() == cudnn_input_) return CudnnRelu(x, {});
  if (!one_dnn_) return Activate(activation_, Convolve(x), /*in_place=*/true);
  const auto convolve = [&](std::string_view activation, std::string_view algorithm) {
    return Operators().conv.call(x, weight_, bias_, geometry_.padding, geometry_.stride, dilation_, geometry_.groups, activation,
                                 post_op_scalars_, algorithm);
  };
  return post_op_ ? convolve(post_op_->name, post_op_->algorithm) : Activate(activation_, convolve("none", ""), /*in_place=*/true);
}

at::Tensor FoldedConv::ForwardAdd(const at::Tensor& x, at::Tensor shortcut, bool relu, bool overwrite) const {
  if (relu && x.sizes() == cudnn_input_) return CudnnRelu(x, shortcut);
  if (!one_dnn_) {
    at::Tensor sum = Convolve(x).add_(shortcut);
    return relu ? at::relu_(sum) : sum;
  }
  const Algorithm then = relu ? Algorithm("relu") : std::nullopt;
  if (overwrite) {
    return Operators().conv_add_in_place.call(shortcut, x, weight_, bias_, geometry_.padding, geometry_.stride, dilation_, geometry_.groups,
                                              "add", 1, then, Scalars(), std::nullopt);
  }
  return Operators().conv_add.call(x, shortcut, weight_, bias_, geometry_.padding, geometry_.stride, dilation_, geometry_.groups, "add", 1,
                                   then, Scalars(), std::nullopt);
}

}  // namespace deepmad::models
