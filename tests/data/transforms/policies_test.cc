// What the augmentation policies draw: allowed values and their distributions.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

#include "data/transforms/auto_augment.h"
#include "data/transforms/color_jitter.h"
#include "data/transforms/lighting.h"
#include "data/transforms/rand_augment.h"
#include "data/transforms/random_erasing.h"

namespace deepmad::data {
namespace {

base::Random Stream(uint64_t index) { return base::Random(8, base::RandomPurpose::kAugment, 0, index); }

// Within four standard deviations of a binomial.
void ExpectShare(int64_t hits, int64_t tries, double share, const std::string& what) {
  const double deviation = std::sqrt(share * (1 - share) / static_cast<double>(tries));
  EXPECT_NEAR(static_cast<double>(hits) / static_cast<double>(tries), share, 4 * deviation + 1e-12) << what;
}

TEST(AutoAugment, DrawsThePolicysOperationsAtItsRates) {
  constexpr int64_t kDraws = 40000;
  std::map<OpKind, int64_t> counts;
  std::map<OpKind, std::set<double>> values;
  int64_t total = 0, positive = 0;
  for (uint64_t i = 0; i < kDraws; ++i) {
    base::Random random = Stream(i);
    for (const AugmentOp& op : AutoAugment{}.Draw(random)) {
      ++counts[op.kind];
      ++total;
      positive += op.kind == OpKind::kRotate && op.value > 0;
      if (op.kind != OpKind::kEqualize && op.kind != OpKind::kInvert && op.kind != OpKind::kAutoContrast) values[op.kind].insert(op.value);
      EXPECT_EQ(op.sampling, Sampling::kBicubic);
      EXPECT_EQ(op.fill, (FillColour{128, 128, 128}));
    }
  }
  // Sums of the policy's probabilities over its 25 rows, an operation each.
  const std::map<OpKind, double> rates = {{OpKind::kPosterize, .4 + .6 + .6 + .8 + .4},
                                          {OpKind::kRotate, .6 + .8 + .2 + .8 + .4 + .8},
                                          {OpKind::kSolarize, .6 + .2 + .6 + .6 + .8 + .2 + .6},
                                          {OpKind::kAutoContrast, 1.2},
                                          {OpKind::kInvert, .6 + .6 + .6},
                                          {OpKind::kContrast, 2},
                                          {OpKind::kColour, .4 + .6 + 1 + .8 + .4 + .6},
                                          {OpKind::kSharpness, .4},
                                          {OpKind::kShearX, .6},
                                          {OpKind::kEqualize, 1.4 + .4 + .4 + .6 + 1 + .6 + .6 + .8 + 1 + 1 + .6 + .4 + 1 + 1.4}};
  double sum = 0;
  for (const auto& [kind, rate] : rates) {
    const double mean = rate / 25;
    EXPECT_NEAR(static_cast<double>(counts[kind]) / kDraws, mean, 4 * std::sqrt(mean / kDraws)) << OpName(kind);
    sum += rate;
  }
  EXPECT_EQ(counts.size(), rates.size());
  EXPECT_NEAR(static_cast<double>(total) / kDraws, sum / 25, 0.02);
  ExpectShare(positive, counts[OpKind::kRotate], 0.5, "rotations to the left");
  const auto near = [&](OpKind kind, std::vector<double> expected) {
    ASSERT_EQ(values[kind].size(), expected.size()) << OpName(kind);
    size_t k = 0;
    for (const double value : values[kind]) EXPECT_NEAR(value, expected[k++], 1e-12) << OpName(kind);
  };
  near(OpKind::kPosterize, {4, 5, 6});  // m = 8 | 7, 6 | 5: 8 - 3.56, 4.89, 5.33, 5.78
  near(OpKind::kRotate, {-30, -30 * 8 / 9.0, -10, 10, 30 * 8 / 9.0, 30});
  near(OpKind::kSolarize, {256 - 256 * 8 / 9.0, 256 - 256 * 7 / 9.0, 256 - 256 * 5 / 9.0, 256 - 256 * 4 / 9.0, 256 - 256 / 3.0});
  near(OpKind::kContrast, {0.2, 1.8});
  near(OpKind::kColour, {0.2, 0.6, 0.8, 1, 1.2, 1.4, 1.8});
  near(OpKind::kSharpness, {0.3, 1.7});
  near(OpKind::kShearX, {-0.3 * 5 / 9, 0.3 * 5 / 9});
}

TEST(AutoAugment, OfZen480RotatesToOneSideAndSamplesTheNearest) {
  for (uint64_t i = 0; i < 3000; ++i) {
    base::Random random = Stream(i);
    for (const AugmentOp& op : AutoAugment{AutoAugment::Variant::kZen480}.Draw(random)) {
      if (op.kind == OpKind::kRotate) {
        EXPECT_GT(op.value, 0);
        EXPECT_EQ(op.sampling, Sampling::kNearest);
      }
      if (op.kind == OpKind::kShearX) {
        EXPECT_EQ(op.sampling, Sampling::kBicubic);
      }
    }
  }
}

TEST(RandAugment, DrawsAllOperationsAlikeWithNormalLevels) {
  constexpr int64_t kDraws = 30000;
  std::map<OpKind, int64_t> counts;
  double rotation = 0, square = 0;
  int64_t total = 0, positive = 0;
  for (uint64_t i = 0; i < kDraws; ++i) {
    base::Random random = Stream(i);
    for (const AugmentOp& op : RandAugment{}.Draw(random)) {
      ++counts[op.kind];
      ++total;
      EXPECT_EQ(op.fill, (FillColour{124, 116, 104}));
      if (op.kind != OpKind::kRotate) continue;
      const double level = std::abs(op.value) / 3;
      rotation += level;
      square += level * level;
      positive += op.value > 0;
    }
  }
  ExpectShare(total, 2 * kDraws, 0.5, "operations that fire");
  EXPECT_EQ(counts.size(), 15u);
  for (const auto& [kind, count] : counts) ExpectShare(count, total, 1.0 / 15, OpName(kind));
  const double n = static_cast<double>(counts[OpKind::kRotate]), mean = rotation / n;
  EXPECT_NEAR(mean, 7, 4 * 0.5 / std::sqrt(n));
  EXPECT_NEAR(std::sqrt(square / n - mean * mean), 0.5, 0.04);
  ExpectShare(positive, counts[OpKind::kRotate], 0.5, "rotations to the left");
}

TEST(RandAugment, TurnsLevelsIntoThePublishedArguments) {
  const std::map<OpKind, std::vector<double>> expected = {{OpKind::kRotate, {-21, 21}},
                                                          {OpKind::kShearX, {-0.21, 0.21}},
                                                          {OpKind::kShearY, {-0.21, 0.21}},
                                                          {OpKind::kTranslateX, {-0.315, 0.315}},
                                                          {OpKind::kTranslateY, {-0.315, 0.315}},
                                                          {OpKind::kColour, {0.37, 1.63}},
                                                          {OpKind::kContrast, {0.37, 1.63}},
                                                          {OpKind::kBrightness, {0.37, 1.63}},
                                                          {OpKind::kSharpness, {0.37, 1.63}},
                                                          {OpKind::kPosterize, {2}},
                                                          {OpKind::kSolarize, {77}},
                                                          {OpKind::kSolarizeAdd, {77}}};
  for (uint64_t i = 0; i < 2000; ++i) {
    base::Random random = Stream(i);
    for (const AugmentOp& op : RandAugment{2, 7, 0, 1}.Draw(random)) {
      const auto it = expected.find(op.kind);
      if (it == expected.end()) continue;
      double nearest = 1e9;
      for (const double value : it->second) nearest = std::min(nearest, std::abs(value - op.value));
      EXPECT_LT(nearest, 1e-9) << OpName(op.kind) << " " << op.value;
    }
  }
  base::Random random = Stream(0);
  for (const AugmentOp& op : RandAugment{200, 10, 0, 1}.Draw(random)) {  // the strongest level
    if (op.kind == OpKind::kPosterize) {
      EXPECT_EQ(op.value, 0);
    }
    if (op.kind == OpKind::kSolarize) {
      EXPECT_EQ(op.value, 0);
    }
    if (op.kind == OpKind::kBrightness) {
      EXPECT_TRUE(std::abs(op.value - 0.1) < 1e-9 || std::abs(op.value - 1.9) < 1e-9);
    }
  }
}

TEST(ColorJitter, DrawsEveryOrderAndUniformFactors) {
  constexpr int64_t kDraws = 6000;
  std::map<std::vector<OpKind>, int64_t> orders;
  double sum = 0, square = 0, least = 9, most = 0;
  for (uint64_t i = 0; i < kDraws; ++i) {
    base::Random random = Stream(i);
    std::vector<OpKind> order;
    for (const AugmentOp& op : ColorJitter{0.4}.Draw(random)) {
      order.push_back(op.kind);
      sum += op.value;
      square += op.value * op.value;
      least = std::min(least, op.value);
      most = std::max(most, op.value);
    }
    ++orders[order];
  }
  EXPECT_EQ(orders.size(), 6u);
  for (const auto& [order, count] : orders) ExpectShare(count, kDraws, 1.0 / 6, OpName(order[0]));
  EXPECT_NEAR(sum / (3 * kDraws), 1, 0.01);
  EXPECT_NEAR(square / (3 * kDraws) - 1, 0.8 * 0.8 / 12, 0.02);
  EXPECT_TRUE(least >= 0.6 && least < 0.61 && most > 1.39 && most < 1.4);
}

TEST(Lighting, DrawsTheCovarianceOfItsComponents) {
  constexpr int kDraws = 40000;
  double mean[3] = {}, covariance[3][3] = {};
  for (uint64_t i = 0; i < kDraws; ++i) {
    base::Random random = Stream(i);
    const std::array<float, 3> added = Lighting{0.1}.Draw(random);
    for (int c = 0; c < 3; ++c) {
      mean[c] += added[c] / double{kDraws};
      for (int d = 0; d < 3; ++d) covariance[c][d] += added[c] * added[d] / double{kDraws};
    }
  }
  const double values[3] = {0.2175, 0.0188, 0.0045};
  const double vectors[3][3] = {{-0.5675, 0.7192, 0.4009}, {-0.5808, -0.0045, -0.8140}, {-0.5836, -0.6948, 0.4203}};
  for (int c = 0; c < 3; ++c) {
    EXPECT_NEAR(mean[c], 0, 3e-4);
    for (int d = 0; d < 3; ++d) {
      double expected = 0;
      for (int j = 0; j < 3; ++j) expected += 0.01 * values[j] * values[j] * vectors[c][j] * vectors[d][j];
      EXPECT_NEAR(covariance[c][d], expected, 0.05 * 1.6e-4);
    }
  }
}

TEST(RandomErasing, DrawsAreaAndAspectOfBothKinds) {
  constexpr Size kSize{1000, 1000};
  for (const RandomErasing::Aspect aspect : {RandomErasing::Aspect::kLog, RandomErasing::Aspect::kLinear}) {
    const bool is_log = aspect == RandomErasing::Aspect::kLog;
    const RandomErasing erasing{0.5, 0.02, 0.08, aspect};  // small ones: no try is in vain
    int64_t drawn = 0, above = 0;
    double area = 0, ratio = 0;
    constexpr int64_t kDraws = 8000;
    for (uint64_t i = 0; i < kDraws; ++i) {
      base::Random random = Stream(i);
      const std::optional<Region> region = erasing.Draw(kSize, random);
      if (!region) continue;
      ++drawn;
      ASSERT_TRUE(kSize.Contains(*region));
      const double r = static_cast<double>(region->height) / region->width;
      EXPECT_GT(r, 0.29);
      EXPECT_LT(r, 3.42);
      area += static_cast<double>(region->height) * region->width / 1e6;
      ratio += is_log ? std::log(r) : r;
      above += region->top + region->height / 2 < 500;
    }
    const double n = static_cast<double>(drawn);
    ExpectShare(drawn, kDraws, 0.5, "erased");
    ExpectShare(above, drawn, 0.5, "in the upper half");
    EXPECT_NEAR(area / n, 0.05, 0.002);
    EXPECT_NEAR(ratio / n, is_log ? 0 : 1.8, 0.06);
  }
}

TEST(RandomErasing, GivesUpWhereNothingFits) {
  base::Random random = Stream(0);
  EXPECT_FALSE(RandomErasing({1, 1, 1}).Draw({10, 10}, random).has_value());
}

TEST(RandomErasing, OverwritesTheRectangleAndNothingElse) {
  constexpr Size kSize{5, 7};
  const Region region{2, 1, 3, 2};
  for (const RandomErasing::Fill fill : {RandomErasing::Fill::kZero, RandomErasing::Fill::kColour, RandomErasing::Fill::kPixels}) {
    RandomErasing erasing;
    erasing.fill = fill;
    std::vector<float> planes(105, 9), interleaved(105, 9);
    base::Random first = Stream(4), second = Stream(4);
    erasing.Apply(region, kSize, 3, MemoryLayout::kContiguous, first, planes.data());
    erasing.Apply(region, kSize, 3, MemoryLayout::kChannelsLast, second, interleaved.data());
    std::set<float> values;
    for (int c = 0; c < 3; ++c) {
      for (int y = 0; y < 5; ++y) {
        for (int x = 0; x < 7; ++x) {
          const float value = planes[(c * 5 + y) * 7 + x];
          EXPECT_EQ(value, interleaved[(y * 7 + x) * 3 + c]);
          const bool inside = x >= 2 && x < 5 && y >= 1 && y < 3;
          EXPECT_EQ(inside, value != 9);
          if (inside) values.insert(value);
        }
      }
    }
    EXPECT_EQ(values.size(), fill == RandomErasing::Fill::kZero ? 1u : fill == RandomErasing::Fill::kColour ? 3u : 18u);
  }
}

}  // namespace
}  // namespace deepmad::data
