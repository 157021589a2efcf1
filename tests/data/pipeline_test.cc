#include "data/pipeline.h"

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
                          }});
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
  const Pipeline pipeline({3, 5, 5}, Normaliser({0, 0, 0}, {1, 1, 1}), FrameCentred({4, 1}, 3), {});
  std::vector<float> out(75);
  EXPECT_THROW(pipeline.Apply(Image(4, 5, 3), base::Random(0, base::RandomPurpose::kAugment), MemoryLayout::kContiguous, out.data()),
               std::logic_error);
}

}  // namespace
}  // namespace deepmad::data
