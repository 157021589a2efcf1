#include "data/transforms/normalise.h"

#include <gtest/gtest.h>

#include "tests/data/pictures.h"

namespace deepmad::data {
namespace {

TEST(Normaliser, ScalesAndShiftsEachChannelInBothLayouts) {
  const Image image = NoisePicture(3, 5, 3);
  const Normaliser normaliser({0.485, 0.456, 0.406}, {0.229, 0.224, 0.225});
  std::vector<float> planes(45), interleaved(45);
  normaliser.Apply(image, MemoryLayout::kContiguous, planes.data());
  normaliser.Apply(image, MemoryLayout::kChannelsLast, interleaved.data());
  const double mean[] = {0.485, 0.456, 0.406}, deviation[] = {0.229, 0.224, 0.225};
  for (int i = 0; i < 15; ++i) {
    for (int c = 0; c < 3; ++c) {
      const double expected = (image.pixels[i * 3 + c] / 255.0 - mean[c]) / deviation[c];
      EXPECT_NEAR(planes[c * 15 + i], expected, 1e-6);
      EXPECT_EQ(planes[c * 15 + i], interleaved[i * 3 + c]);
    }
  }
}

TEST(Normaliser, RefusesAnotherNumberOfChannels) {
  const Normaliser normaliser({0.5}, {0.5});
  float out[3];
  EXPECT_THROW(normaliser.Apply(Image(1, 1, 3), MemoryLayout::kContiguous, out), std::logic_error);
}

}  // namespace
}  // namespace deepmad::data
