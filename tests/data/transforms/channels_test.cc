#include "data/transforms/channels.h"

#include <gtest/gtest.h>

#include "tests/data/pictures.h"

namespace deepmad::data {
namespace {

TEST(ConvertChannels, RepeatsGrey) {
  Image image(1, 2, 1);
  image.pixels = {7, 250};
  ConvertChannels(image, 3);
  EXPECT_EQ(image.channels, 3);
  EXPECT_EQ(image.pixels, (std::vector<uint8_t>{7, 7, 7, 250, 250, 250}));
}

TEST(ConvertChannels, WeighsColoursAsLuma) {
  Image image(1, 4, 3);
  image.pixels = {255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255};
  ConvertChannels(image, 1);
  EXPECT_EQ(image.pixels, (std::vector<uint8_t>{76, 150, 29, 255}));
}

TEST(ConvertChannels, UndoesItsOwnGreyToRgb) {
  const Image image = NoisePicture(4, 4, 1);
  Image there_and_back = image;
  ConvertChannels(there_and_back, 3);
  ConvertChannels(there_and_back, 1);
  EXPECT_EQ(there_and_back.pixels, image.pixels);
}

TEST(ConvertChannels, RefusesOtherCounts) {
  Image image(1, 1, 3);
  EXPECT_THROW(ConvertChannels(image, 4), std::logic_error);
}

}  // namespace
}  // namespace deepmad::data
