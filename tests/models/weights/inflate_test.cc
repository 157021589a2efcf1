#include "models/weights/inflate.h"

#include <ATen/ops/allclose.h>
#include <ATen/ops/randn.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include "models/network/init.h"
#include "models/weights/load.h"

namespace deepmad::models {
namespace {

TEST(Inflate, PutsAKernelInTheMiddleOrRepeatsIt) {
  const at::Tensor kernel = at::randn({4, 3, 3, 3});
  const at::Tensor centre = Inflate(kernel, 5, Inflation::kCentre), repeat = Inflate(kernel, 5, Inflation::kRepeat);
  EXPECT_EQ(centre.sizes(), (std::vector<int64_t>{4, 3, 5, 3, 3}));
  EXPECT_TRUE(centre.select(2, 2).equal(kernel));
  for (const int64_t t : {0, 1, 3, 4}) EXPECT_TRUE(centre.select(2, t).eq(0).all().item<bool>());
  EXPECT_TRUE(at::allclose(repeat.sum(2), kernel, 1e-5, 1e-6));
  EXPECT_TRUE(repeat.select(2, 0).equal(repeat.select(2, 4)));
}

mad::NetworkSpec Spec(bool clips, int kernel_t) {
  mad::NetworkSpec spec;
  spec.input = {3, 16, 16, clips ? 6 : 1};
  const std::string stem = clips ? "conv3d" : "conv", block = clips ? "dw_bottleneck3d" : "dw_bottleneck";
  spec.blocks = {{.type = stem, .stride = 2, .out_channels = 8},
                 {.type = block, .depth = 2, .stride = 2, .out_channels = 16, .bottleneck_channels = 24}};
  if (clips) spec.blocks[1].kernel_t = kernel_t;
  spec.head.classes = 5;
  return spec;
}

WeightsFile WeightsOf(Network& network) {
  WeightsFile file;
  for (const auto& [name, tensor] : network.StateDict()) {
    file.entries.push_back({name, tensor.scalar_type(), tensor.sizes().vec(), [tensor = tensor](int64_t begin, int64_t end) {
                              return tensor.dim() == 0 ? tensor : tensor.narrow(0, begin, end - begin);
                            }});
  }
  return file;
}

TEST(Inflate, MakesA3DNetworkThatSeesInAStillVideoWhatThe2DNetworkSees) {
  const c10::InferenceMode inference;
  const auto flat = BuildNetwork(Spec(false, 1));
  Initialize(*flat, {}, 5);
  flat->eval();
  const at::Tensor image = at::randn({2, 3, 16, 16});
  const at::Tensor expected = flat->Forward(image);
  const at::Tensor video = image.unsqueeze(2).expand({2, 3, 6, 16, 16});
  for (const int kernel_t : {1, 3}) {
    const auto deep = BuildNetwork(Spec(true, kernel_t));
    deep->eval();
    LoadWeights(*deep, InflateFor(*deep, WeightsOf(*flat), Inflation::kCentre, "test"), HeadPolicy::kStrict, "test");
    EXPECT_TRUE(at::allclose(deep->Forward(video), expected, 1e-4, 1e-5)) << kernel_t;
  }
}

TEST(Inflate, LeavesWhatDoesNotFitToTheLoader) {
  const auto flat = BuildNetwork(Spec(false, 1)), deep = BuildNetwork(Spec(true, 3));
  EXPECT_THROW(LoadWeights(*deep, WeightsOf(*flat), HeadPolicy::kStrict, "test"), std::exception) << "not inflated";
  WeightsFile file = WeightsOf(*flat);
  file.entries[0].shape = {8, 4, 3, 3};
  EXPECT_THROW(LoadWeights(*deep, InflateFor(*deep, file, Inflation::kRepeat, "test"), HeadPolicy::kStrict, "test"), std::exception);
}

}  // namespace
}  // namespace deepmad::models
