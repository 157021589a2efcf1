// How often the processor waits for the device.
#include "tests/dispatch/transfers.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/ones.h>
#include <gtest/gtest.h>

#include "models/device/pinned_copy.h"

namespace deepmad::dispatch {
namespace {

const at::Device kDevice(at::kCUDA, 0);

TEST(DispatchTransfers, ACopyToTheDeviceIsQueued) {
  const at::Tensor numbers = at::arange(24, at::kFloat).view({2, 3, 4}).permute({2, 0, 1});
  AllTransfers().Clear();
  const at::Tensor copy = models::CopyToDevice(numbers, kDevice);
  EXPECT_EQ(AllTransfers().queued_to_device, 1);
  EXPECT_EQ(AllTransfers().waited_to_device, 0);
  EXPECT_TRUE(copy.is_cuda());
  EXPECT_TRUE(copy.cpu().equal(numbers));
}

TEST(DispatchTransfers, SeveralTensorsComeBackInOneCopy) {
  const at::Tensor a = at::arange(6, at::kFloat).view({2, 3}), b = at::arange(4, at::kFloat).view({2, 2}).t();
  const std::vector<at::Tensor> there = {a.to(kDevice), b.to(kDevice), at::ones({0, 2}).to(kDevice)};
  AllTransfers().Clear();
  const std::vector<at::Tensor> here = models::CopyToHost(there);
  EXPECT_EQ(AllTransfers().to_host, 1);
  ASSERT_EQ(here.size(), 3U);
  EXPECT_TRUE(here[0].equal(a));
  EXPECT_TRUE(here[1].equal(b));
  EXPECT_EQ(here[2].sizes(), (std::vector<int64_t>{0, 2}));
}

TEST(DispatchTransfers, TensorsOfTwoDevicesDoNotMix) {
  const at::Tensor there = at::ones({2}, at::TensorOptions(kDevice));
  EXPECT_THROW(there.add(at::ones({2})), c10::Error);
  EXPECT_EQ(there.add(1).cpu().sum().item<double>(), 4);
}

}  // namespace
}  // namespace deepmad::dispatch
