#include "train/tasks/classification/label_ranks.h"

#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "base/random.h"
#include "train/metrics/top_k.h"

namespace deepmad::train {
namespace {

TEST(LabelRanks, AgreeWithTheTopKCountsOnTiesInfinitiesAndNans) {
  constexpr int64_t kSamples = 400, kClasses = 9;
  constexpr float kInf = std::numeric_limits<float>::infinity(), kNan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> values = {-kInf, -1, 0, 0.5, 2, kInf, kNan};
  base::Random random(1, base::RandomPurpose::kSynthetic);
  std::vector<float> logits(kSamples * kClasses);
  for (float& logit : logits) logit = values[static_cast<size_t>(random.UniformInt(0, static_cast<int64_t>(values.size()) - 1))];
  std::vector<int64_t> labels(kSamples);
  for (int64_t& label : labels) label = random.UniformInt(0, kClasses - 1);

  const at::Tensor ranks = LabelRanks(at::tensor(logits, at::kFloat).view({kSamples, kClasses}), at::tensor(labels, at::kLong));
  for (int64_t i = 0; i < kSamples; ++i) {
    TopKCounts one;
    one.Add(&logits[static_cast<size_t>(i * kClasses)], &labels[static_cast<size_t>(i)], 1, kClasses);
    EXPECT_EQ(ranks[i].item<int64_t>() < 1, one.right1() == 1) << i;
    EXPECT_EQ(ranks[i].item<int64_t>() < 5, one.right5() == 1) << i;
  }
}

}  // namespace
}  // namespace deepmad::train
