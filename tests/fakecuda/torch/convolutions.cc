// cuDNN is off, as it asks a real device what it can do. In its place a convolution is one kernel, and two backwards, with the memory
// format that cuDNN keeps: LibTorch's own, for devices without cuDNN, launches several for each sample.
#include <ATen/Context.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <c10/cuda/CUDAStream.h>
#include <c10/util/Exception.h>
#include <torch/library.h>

#include <array>
#include <optional>
#include <tuple>
#include <utility>

#include "tests/fakecuda/torch/from_runtime.h"

namespace {

void Launch(const char* name) {
  TORCH_CHECK(fakecuda_launch(name, c10::cuda::getCurrentCUDAStream()) == cudaSuccess, name, " was refused by the stand-in");
}

at::Tensor Forward(const at::Tensor& images, const at::Tensor& weight, at::IntArrayRef, const std::optional<at::Tensor>&,
                   at::IntArrayRef stride, at::IntArrayRef padding) {
  const auto size = [&](int64_t i) { return (images.size(2 + i) + 2 * padding[i] - weight.size(2 + i)) / stride[i] + 1; };
  at::Tensor maps = at::empty({images.size(0), weight.size(0), size(0), size(1)}, images.options(), images.suggest_memory_format());
  Launch("convolution");
  return maps;
}

std::tuple<at::Tensor, at::Tensor, at::Tensor> Backward(const at::Tensor& gradient, const at::Tensor& images, const at::Tensor& weight,
                                                        at::IntArrayRef, at::IntArrayRef, at::IntArrayRef, std::array<bool, 3> wanted) {
  at::Tensor of_images, of_weight, of_bias;
  if (wanted[0]) {
    of_images = at::empty_like(images);
    Launch("convolution backward, images");
  }
  if (wanted[1]) {
    of_weight = at::empty_like(weight);
    Launch("convolution backward, weight");
  }
  if (wanted[2]) of_bias = at::empty({weight.size(0)}, gradient.options());
  return {of_images, of_weight, of_bias};
}

// LibTorch warns where a kernel takes the place of another.
class Silent : public c10::WarningHandler {
  void process(const c10::Warning&) override {}
};
Silent silent;
std::optional<c10::WarningUtils::WarningHandlerGuard> without_warnings(std::in_place, &silent);

TORCH_LIBRARY_IMPL(aten, CUDA, library) {
  at::globalContext().setUserEnabledCuDNN(false);
  library.impl("_slow_conv2d_forward", &Forward);
  library.impl("_slow_conv2d_backward.output_mask", &Backward);
}

const bool with_warnings = (without_warnings.reset(), true);  // what is before has been done by now

}  // namespace
