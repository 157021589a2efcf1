#include "train/run_folder/result_digest.h"

#include <gtest/gtest.h>

namespace deepmad::train {
namespace {

constexpr const char* kRun =
    "{design: {budgets: {flops: 4e6}, solver: {time_limit_seconds: 1}}, train: {epochs: 2}, data: {root: /a, workers: 2}}";

TEST(GiveSameResult, LeavesOutPlacesTheSearchAndTheImplementation) {
  EXPECT_TRUE(GiveSameResult(kRun, kRun));
  EXPECT_TRUE(GiveSameResult(kRun,
                             "{data: {workers: 8, root: /b}, design: {solver: {work_limit: 1}, budgets: {flops: 4e6}}, "
                             "train: {fused_norm: auto, epochs: 2}}"));
}

TEST(GiveSameResult, SeesAnotherValueAndAKeyMoreOrLess) {
  for (const char* other : {"{design: {budgets: {flops: 4e6}, solver: null}, train: {epochs: 3}, data: {root: /a}}",
                            "{design: {budgets: {flops: 5e6}, solver: null}, train: {epochs: 2}, data: {root: /a}}",
                            "{design: {budgets: {flops: 4e6}, solver: null}, train: {epochs: 2, ema: 0.9}, data: {root: /a}}",
                            "{design: {budgets: {flops: 4e6}, solver: null}, data: {root: /a}}"}) {
    EXPECT_FALSE(GiveSameResult(kRun, other)) << other;
    EXPECT_FALSE(GiveSameResult(other, kRun)) << other;
  }
}

}  // namespace
}  // namespace deepmad::train
