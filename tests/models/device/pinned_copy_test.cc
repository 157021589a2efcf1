#include "models/device/pinned_copy.h"

#include <ATen/ops/arange.h>
#include <gtest/gtest.h>

namespace deepmad::models {
namespace {

TEST(PinnedCopy, IsTheTensorItselfOnTheCpu) {
  const at::Tensor numbers = at::arange(6);
  EXPECT_TRUE(CopyToDevice(numbers, at::kCPU).is_same(numbers));
}

}  // namespace
}  // namespace deepmad::models
