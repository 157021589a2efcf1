#include "data/video/frame_sampling.h"

#include <gtest/gtest.h>

#include <map>

#include "tests/data/video/video_vectors.h"

namespace deepmad::data {
namespace {

using Clips = std::vector<std::vector<int64_t>>;

base::Random Draws(uint64_t index) { return base::Random(1, base::RandomPurpose::kAugment, 0, index); }

TEST(SparseFrames, OfTestsEqualTheVectors) {
  const nlohmann::json cases = VideoVectors("sparse_test");
  ASSERT_GT(cases.size(), 100U);
  for (const auto& one : cases) EXPECT_EQ(SparseTestFrames(one["frames"], one["M"]), one["index"].get<std::vector<int64_t>>()) << one;
  EXPECT_EQ(SparseTestFrames(30, 25)[12], 14) << "the exact fraction would give 15";
}

TEST(SparseFrames, OfShortVideosEqualTheVectorsWithoutADraw) {
  const nlohmann::json cases = VideoVectors("sparse_train_short");
  ASSERT_GT(cases.size(), 60U);
  for (const auto& one : cases) {
    base::Random random = Draws(0);
    EXPECT_EQ(SparseTrainFrames(one["frames"], one["S"], random), one["index"].get<std::vector<int64_t>>()) << one;
    EXPECT_EQ(random.NextBits(), Draws(0).NextBits());
  }
}

TEST(SparseFrames, OfTrainingAreUniformInEachSegment) {
  constexpr int kSegments = 3, kLength = 7, kVideos = 7000;
  std::map<int64_t, int> times;
  for (int i = 0; i < kVideos; ++i) {
    base::Random random = Draws(i);
    const std::vector<int64_t> numbers = SparseTrainFrames(kSegments * kLength + 2, kSegments, random);
    ASSERT_EQ(numbers.size(), 3U);
    for (int k = 0; k < kSegments; ++k) ASSERT_EQ(numbers[k] / kLength, k);
    for (const int64_t number : numbers) ++times[number];
  }
  ASSERT_EQ(times.size(), 21U) << "each frame of each segment";
  double chi_square = 0;
  for (const auto& [number, count] : times) chi_square += (count - 1000.0) * (count - 1000.0) / 1000.0;
  EXPECT_LT(chi_square, 42.3) << "18 degrees of freedom: 1 in 1000";
}

TEST(DenseFrames, OfTestsEqualTheVectors) {
  const nlohmann::json cases = VideoVectors("dense_test");
  ASSERT_GT(cases.size(), 130U);
  for (const auto& one : cases) {
    const Clips clips = DenseSampling{one["L"], one["tau"]}.Test(one["frames"], 25, one["M"]);
    if (one.contains("index")) {
      EXPECT_EQ(clips, one["index"].get<Clips>()) << one;
      continue;
    }
    EXPECT_EQ(clips.back(), one["last_clip"].get<std::vector<int64_t>>()) << one;
    for (size_t i = 0; i < clips.size(); ++i) EXPECT_EQ(clips[i][0], one["offset"][i].get<int64_t>() % one["frames"].get<int64_t>()) << one;
  }
}

TEST(DenseFrames, OfTestsAtATargetRateEqualTheVectors) {
  const nlohmann::json cases = VideoVectors("dense_target_fps_test");
  ASSERT_GT(cases.size(), 70U);
  for (const auto& one : cases) {
    const DenseSampling sampling{one["L"], one["tau"], one["target_fps"]};
    EXPECT_EQ(sampling.Test(one["frames"], one["fps"], one["M"]), one["index"].get<Clips>()) << one;
  }
}

TEST(DenseFrames, OfTrainingStartUniformlyBothEndsIncluded) {
  const DenseSampling sampling{4, 4};
  std::map<int64_t, int> starts;
  for (int i = 0; i < 5000; ++i) {
    base::Random random = Draws(i);
    const std::vector<int64_t> numbers = sampling.Train(20, 25, random);
    ASSERT_EQ(numbers.size(), 4U);
    for (int k = 1; k < 4; ++k) ASSERT_EQ(numbers[k], numbers[0] + 4 * k);
    ++starts[numbers[0]];
  }
  ASSERT_EQ(starts.size(), 5U);
  for (const auto& [start, count] : starts) EXPECT_NEAR(count, 1000, 125) << start;
  EXPECT_EQ(starts.rbegin()->first, 20 - 16) << "the span in training is L tau";
}

TEST(DenseFrames, OfAShortVideoGoOnFromItsStart) {
  base::Random random = Draws(0);
  EXPECT_EQ((DenseSampling{4, 2}.Train(5, 25, random)), (std::vector<int64_t>{0, 2, 4, 1}));
}

TEST(DenseFrames, AtATargetRateLastAsLongWhateverTheRateOfTheVideo) {
  const DenseSampling sampling{8, 8, 30};
  for (int i = 0; i < 50; ++i) {
    base::Random random = Draws(i);
    const std::vector<int64_t> numbers = sampling.Train(1000, 60, random);
    EXPECT_EQ(numbers.back() - numbers.front(), 127) << "twice the frames of 30 a second";
  }
  EXPECT_EQ(sampling.Test(100, 0, 2), (DenseSampling{8, 8}.Test(100, 0, 2))) << "a video of unknown rate is taken as it is";
}

}  // namespace
}  // namespace deepmad::data
