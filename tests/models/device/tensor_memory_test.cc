#include "models/device/tensor_memory.h"

#include <ATen/ops/empty.h>
#include <gtest/gtest.h>

namespace deepmad::models {
namespace {

TEST(TensorMemory, CountsWhatIsMadeWhileItLivesAndKeepsThePeak) {
  const at::Tensor before = at::empty({1000}, at::kByte);
  TensorMemory memory;
  at::Tensor kept = at::empty({3000}, at::kByte);
  at::empty({5000}, at::kByte);
  EXPECT_EQ(memory.current_bytes(), 3000);
  EXPECT_EQ(memory.peak_bytes(), 8000);
  memory.ResetPeak();
  EXPECT_EQ(memory.peak_bytes(), 3000);
  kept.reset();
  EXPECT_EQ(memory.current_bytes(), 0);
}

}  // namespace
}  // namespace deepmad::models
