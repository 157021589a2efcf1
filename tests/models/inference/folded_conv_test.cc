// The convolutions that a GPU fuses, with kernels for the processor in place of cuDNN's; and when they are left out.
#include "models/inference/folded_conv.h"

#include <ATen/Context.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/conv3d.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/relu.h>
#include <gtest/gtest.h>
#include <torch/library.h>

#include "tests/models/formula_fill.h"

namespace deepmad::models {
namespace {

// What the kernels in place of cuDNN's do.
enum class Kernel { kRight, kForgetsTheBias, kIsMissing };

at::Tensor Convolve(const at::Tensor& x, const at::Tensor& weight, const std::optional<at::Tensor>& bias, at::IntArrayRef stride,
                    at::IntArrayRef padding, at::IntArrayRef dilation, int64_t groups) {
  return x.dim() == 5 ? at::conv3d(x, weight, bias, stride, padding, dilation, groups)
                      : at::conv2d(x, weight, bias, stride, padding, dilation, groups);
}

class CudnnKernels {
 public:
  explicit CudnnKernels(Kernel kernel) : library_(torch::Library::IMPL, "aten", c10::DispatchKey::CPU, __FILE__, __LINE__) {
    kernel_ = kernel;
    calls = 0;
    at::globalContext().setUserEnabledMkldnn(false);
    library_.impl("cudnn_convolution_relu", &Relu);
    library_.impl("cudnn_convolution_add_relu", &AddRelu);
  }
  ~CudnnKernels() { at::globalContext().setUserEnabledMkldnn(true); }

  static inline int calls = 0;

 private:
  using Bias = std::optional<at::Tensor>;

  static Bias Prepare(const Bias& bias) {
    ++calls;
    TORCH_CHECK(kernel_ != Kernel::kIsMissing, "unable to find an engine");
    return kernel_ == Kernel::kForgetsTheBias ? std::nullopt : bias;
  }
  static at::Tensor Relu(const at::Tensor& x, const at::Tensor& weight, const Bias& bias, at::IntArrayRef stride, at::IntArrayRef padding,
                         at::IntArrayRef dilation, int64_t groups) {
    return at::relu(Convolve(x, weight, Prepare(bias), stride, padding, dilation, groups));
  }
  static at::Tensor AddRelu(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& z, const std::optional<at::Scalar>& alpha,
                            const Bias& bias, at::IntArrayRef stride, at::IntArrayRef padding, at::IntArrayRef dilation, int64_t groups) {
    return at::relu(Convolve(x, weight, Prepare(bias), stride, padding, dilation, groups) + z * alpha->toDouble());
  }

  static inline Kernel kernel_ = Kernel::kRight;
  torch::Library library_;
};

struct Layer {
  std::vector<int64_t> input, weight, stride, padding;
  at::ScalarType type = at::kFloat;
  int64_t groups = 1;
};

const Layer kLayer{{2, 5, 9, 7}, {6, 5, 3, 3}, {2, 1}, {1, 1}};

at::Tensor Values(uint64_t key, at::IntArrayRef shape, at::ScalarType type) { return FormulaTensor(key, shape, 1).to(type); }

FoldedConv Make(const Layer& layer, mad::ActivationKind activation) {
  return FoldedConv(Values(1, layer.weight, layer.type), Values(2, {layer.weight[0]}, layer.type),
                    {layer.stride, layer.padding, layer.groups}, activation, layer.input);
}

at::Tensor Input(const Layer& layer, int64_t batch) {
  std::vector<int64_t> shape = layer.input;
  shape[0] = batch;
  return Values(3, shape, layer.type).contiguous(shape.size() == 5 ? at::MemoryFormat::ChannelsLast3d : at::MemoryFormat::ChannelsLast);
}

at::Tensor Expected(const Layer& layer, const at::Tensor& x) {
  const std::vector<int64_t> dilation(layer.stride.size(), 1);
  return Convolve(x, Values(1, layer.weight, layer.type), Values(2, {layer.weight[0]}, layer.type), layer.stride, layer.padding, dilation,
                  layer.groups);
}

void ExpectClose(const at::Tensor& actual, const at::Tensor& expected) {
  ASSERT_EQ(actual.sizes(), expected.sizes());
  EXPECT_LE((actual - expected).abs().max().item<double>(), 1e-5 * expected.abs().max().item<double>());
}

// Forward and ForwardAdd on a batch; the calls of the fused kernels that they make.
int CallsFor(const Layer& layer, int64_t batch) {
  const FoldedConv with_relu = Make(layer, mad::ActivationKind::kRelu), without = Make(layer, mad::ActivationKind::kNone);
  const at::Tensor x = Input(layer, batch), expected = Expected(layer, x), shortcut = Values(4, expected.sizes(), layer.type);
  const int before = CudnnKernels::calls;
  ExpectClose(with_relu.Forward(x), at::relu(expected));
  ExpectClose(without.Forward(x), expected);
  ExpectClose(without.ForwardAdd(x, shortcut.clone(), /*relu=*/true, /*overwrite=*/true), at::relu(expected + shortcut));
  ExpectClose(without.ForwardAdd(x, shortcut.clone(), /*relu=*/false, /*overwrite=*/false), expected + shortcut);
  return CudnnKernels::calls - before;
}

TEST(FoldedConv, FusesAReluWhereTheLibraryCan) {
  const CudnnKernels kernels(Kernel::kRight);
  EXPECT_EQ(CallsFor(kLayer, 2), 2);
  EXPECT_EQ(CallsFor({{2, 3, 4, 6, 5}, {4, 3, 3, 3, 1}, {1, 2, 2}, {1, 1, 0}}, 2), 2);
}

TEST(FoldedConv, OtherSizesTakeTheSeparateOperations) {
  const CudnnKernels kernels(Kernel::kRight);
  EXPECT_EQ(CallsFor(kLayer, 3), 0);
}

TEST(FoldedConv, GroupsAndFloat64TakeTheSeparateOperations) {
  const CudnnKernels kernels(Kernel::kRight);
  EXPECT_EQ(CallsFor({{2, 4, 6, 6}, {4, 1, 3, 3}, {1, 1}, {1, 1}, at::kFloat, 4}, 2), 0);
  EXPECT_EQ(CallsFor({{2, 4, 6, 6}, {4, 4, 3, 3}, {1, 1}, {1, 1}, at::kDouble}, 2), 0);
  EXPECT_EQ(CudnnKernels::calls, 0);
}

TEST(FoldedConv, AKernelThatIsWrongOrMissingIsLeftOut) {
  for (const Kernel kernel : {Kernel::kForgetsTheBias, Kernel::kIsMissing}) {
    const CudnnKernels kernels(kernel);
    EXPECT_EQ(CallsFor(kLayer, 2), 0);
    EXPECT_EQ(CudnnKernels::calls, 2);  // tried once for each convolution
  }
}

}  // namespace
}  // namespace deepmad::models
