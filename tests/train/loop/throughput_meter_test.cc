#include "train/loop/throughput_meter.h"

#include <gtest/gtest.h>

namespace deepmad::train {
namespace {

TEST(Pace, LeavesTheFirstUpdatesOutOnceThereAreMore) {
  Pace pace;
  EXPECT_EQ(pace.images_per_second(), 0);
  EXPECT_LT(pace.SecondsFor(10), 0);
  for (int64_t i = 0; i < Pace::kWarmup; ++i) pace.Add(8, 2, 1);
  EXPECT_DOUBLE_EQ(pace.images_per_second(), 4);
  pace.Add(8, 1, 0);
  EXPECT_DOUBLE_EQ(pace.images_per_second(), 8);
  EXPECT_DOUBLE_EQ(pace.SecondsFor(80), 10);
  EXPECT_DOUBLE_EQ(pace.data_share(), 50.0 / 101);
}

}  // namespace
}  // namespace deepmad::train
