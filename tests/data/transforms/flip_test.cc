#include "data/transforms/flip.h"

#include <gtest/gtest.h>

#include "tests/data/pictures.h"

namespace deepmad::data {
namespace {

TEST(FlipHorizontally, MirrorsEachRowAndKeepsPixelsTogether) {
  for (const int width : {1, 2, 5, 8}) {
    const Image image = NoisePicture(3, width, 3);
    Image flipped = image;
    FlipHorizontally(flipped);
    for (int y = 0; y < 3; ++y) {
      for (int x = 0; x < width; ++x) {
        for (int c = 0; c < 3; ++c) EXPECT_EQ(flipped.row(y)[x * 3 + c], image.row(y)[(width - 1 - x) * 3 + c]);
      }
    }
  }
}

}  // namespace
}  // namespace deepmad::data
