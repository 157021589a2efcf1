#include "data/inputs/image_pipeline.h"

#include <gtest/gtest.h>

#include "tests/data/pictures.h"

namespace deepmad::data {
namespace {

TEST(Pipeline, FramesThenAppliesTheStepsWithOneStreamAndThenNormalises) {
  std::vector<uint32_t> draws;
  const Pipeline pipeline({1, 1, 2}, Normaliser({0}, {1.0 / 255}),
                          [&](const Picture&, base::Random& random) {
                            draws.push_back(random.NextBits());
                            return Image(1, 2, 1);
                          },
                          {[&](Image& image, base::Random& random) {
                            image.pixels = {3, 200};
                            draws.push_back(random.NextBits());
                          }},
                          {});
  const base::Random random(4, base::RandomPurpose::kAugment, 1, 2);
  float out[2];
  pipeline.Apply(Image(9, 9, 3), random, MemoryLayout::kContiguous, out);
  EXPECT_NEAR(out[0], 3, 1e-4);
  EXPECT_NEAR(out[1], 200, 1e-4);
  base::Random same = random;
  EXPECT_EQ(draws[0], same.NextBits());
  EXPECT_EQ(draws[1], same.NextBits());
}

TEST(Pipeline, RefusesStepsThatLeaveAnotherShape) {
  const Pipeline pipeline({3, 5, 5}, Normaliser({0, 0, 0}, {1, 1, 1}), FrameCentred({4, 1}, 3), {}, {});
  std::vector<float> out(75);
  EXPECT_THROW(pipeline.Apply(Image(4, 5, 3), base::Random(0, base::RandomPurpose::kAugment), MemoryLayout::kContiguous, out.data()),
               std::logic_error);
}

TEST(Pipeline, LightsBeforeAndErasesAfterNormalisation) {
  Pipeline::Finish finish;
  finish.lighting = Lighting{0.5};
  finish.erasing = RandomErasing{1, 0.3, 0.3};
  const Pipeline pipeline({3, 20, 20}, Normaliser({0.4, 0.5, 0.6}, {0.1, 0.2, 0.3}), FrameCentred({20, 1}, 3), {}, finish);
  const Image image = NoisePicture(20, 20, 3);
  std::vector<float> out(1200), expected(1200);
  base::Random random(1, base::RandomPurpose::kAugment);
  pipeline.Apply(image, random, MemoryLayout::kChannelsLast, out.data());
  const std::array<float, 3> added = finish.lighting->Draw(random);
  const Region region = *finish.erasing->Draw({20, 20}, random);
  for (size_t i = 0; i < expected.size(); ++i) {
    constexpr float kMean[] = {0.4f, 0.5f, 0.6f}, kStd[] = {0.1f, 0.2f, 0.3f};
    expected[i] = (static_cast<float>(image.pixels[i]) / 255 + added[i % 3] - kMean[i % 3]) / kStd[i % 3];
  }
  finish.erasing->Apply(region, {20, 20}, 3, MemoryLayout::kChannelsLast, random, expected.data());
  EXPECT_EQ(out, expected);
}

}  // namespace
}  // namespace deepmad::data
