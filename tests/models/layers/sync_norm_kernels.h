// LibTorch's kernels for norms over several processes, which it has for GPUs alone, as the processor would have them: by formulas, and with
// the demands on their arguments that the GPU's make. They exist as long as the object does.
#pragma once

#include <ATen/core/Tensor.h>
#include <gtest/gtest.h>
#include <torch/library.h>

#include <atomic>
#include <optional>
#include <tuple>
#include <vector>

namespace deepmad::models {

class SyncNormKernels {
 public:
  SyncNormKernels() : library_(torch::Library::IMPL, "aten", c10::DispatchKey::CPU, __FILE__, __LINE__) {
    calls() = 0;
    library_.impl("batch_norm_stats", &Stats);
    library_.impl("batch_norm_gather_stats_with_counts", &GatherStats);
    library_.impl("batch_norm_elemt", &Elementwise);
    library_.impl("batch_norm_backward_reduce", &BackwardReduce);
    library_.impl("batch_norm_backward_elemt", &BackwardElementwise);
  }

  static std::atomic<int>& calls() {
    static std::atomic<int> count{0};
    return count;
  }

 private:
  using Optional = std::optional<at::Tensor>;

  static at::Tensor Wide(const at::Tensor& tensor) { return tensor.to(at::kDouble); }
  static std::vector<int64_t> Others(const at::Tensor& x) {
    std::vector<int64_t> axes;
    for (int64_t axis = 0; axis < x.dim(); ++axis) {
      if (axis != 1) axes.push_back(axis);
    }
    return axes;
  }
  static at::Tensor PerChannel(const at::Tensor& values, const at::Tensor& x) {
    std::vector<int64_t> shape(static_cast<size_t>(x.dim()), 1);
    shape[1] = -1;
    return Wide(values).reshape(shape);
  }
  // The maps that the kernels read must lie in one piece of memory.
  static void CheckMap(const at::Tensor& x) {
    ++calls();
    EXPECT_TRUE(x.is_contiguous(x.suggest_memory_format()));
  }
  static at::Tensor Numbers(const at::Tensor& values) { return values.to(at::kFloat); }

  static std::tuple<at::Tensor, at::Tensor> Stats(const at::Tensor& x, double eps) {
    CheckMap(x);
    const auto axes = Others(x);
    return {Numbers(Wide(x).mean(axes)), Numbers((Wide(x).var(axes, /*unbiased=*/false) + eps).rsqrt())};
  }

  static std::tuple<at::Tensor, at::Tensor> GatherStats(const at::Tensor& x, const at::Tensor& means, const at::Tensor& inverses,
                                                        const Optional& running_mean, const Optional& running_var, double momentum,
                                                        double eps, const at::Tensor& counts) {
    CheckMap(x);
    EXPECT_EQ(counts.scalar_type(), running_mean->scalar_type());
    EXPECT_TRUE(counts.is_contiguous());
    EXPECT_EQ(counts.numel(), means.size(0));
    EXPECT_EQ(means.scalar_type(), at::kFloat);
    const at::Tensor count = Wide(counts).view({-1, 1}), all = count.sum();
    const at::Tensor vars = Wide(inverses).pow(-2) - eps;
    const at::Tensor mean = (Wide(means) * count).sum(0) / all;
    const at::Tensor var = ((vars + (Wide(means) - mean).square()) * count).sum(0) / all;
    running_mean->copy_(Wide(*running_mean) * (1 - momentum) + mean * momentum);
    running_var->copy_(Wide(*running_var) * (1 - momentum) + var * all / (all - 1) * momentum);
    return {Numbers(mean), Numbers((var + eps).rsqrt())};
  }

  static at::Tensor Elementwise(const at::Tensor& x, const Optional& weight, const Optional& bias, const at::Tensor& mean,
                                const at::Tensor& inverse, double) {
    CheckMap(x);
    const at::Tensor normalised = (Wide(x) - PerChannel(mean, x)) * PerChannel(inverse, x);
    return (normalised * PerChannel(*weight, x) + PerChannel(*bias, x)).to(x.scalar_type());
  }

  static std::tuple<at::Tensor, at::Tensor, at::Tensor, at::Tensor> BackwardReduce(const at::Tensor& grad, const at::Tensor& x,
                                                                                   const at::Tensor& mean, const at::Tensor& inverse,
                                                                                   const Optional& weight, bool, bool, bool) {
    CheckMap(x);
    EXPECT_TRUE(grad.is_contiguous(x.suggest_memory_format()));
    const at::Tensor level = Wide(grad).sum(Others(x)), along = (Wide(grad) * (Wide(x) - PerChannel(mean, x))).sum(Others(x));
    return {Numbers(level), Numbers(along), (along * Wide(inverse)).to(weight->scalar_type()), level.to(weight->scalar_type())};
  }

  static at::Tensor BackwardElementwise(const at::Tensor& grad, const at::Tensor& x, const at::Tensor& mean, const at::Tensor& inverse,
                                        const Optional& weight, const at::Tensor& level, const at::Tensor& along,
                                        const at::Tensor& counts) {
    CheckMap(x);
    EXPECT_EQ(counts.scalar_type(), at::kInt);
    EXPECT_TRUE(counts.is_contiguous());
    const at::Tensor all = Wide(counts).sum();
    const at::Tensor slope = Wide(along) / all * Wide(inverse).square();
    const at::Tensor inside = Wide(grad) - PerChannel(Wide(level) / all, x) - (Wide(x) - PerChannel(mean, x)) * PerChannel(slope, x);
    return (inside * PerChannel(Wide(inverse) * Wide(*weight), x)).to(x.scalar_type());
  }

  torch::Library library_;
};

}  // namespace deepmad::models
