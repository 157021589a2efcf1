#include "data/transforms/scene_resize.h"

#include <gtest/gtest.h>

#include "tests/data/pictures.h"

namespace deepmad::data {
namespace {

std::pair<int, int> Sides(Size size) { return {size.width, size.height}; }

TEST(SceneResize, KeepsTheAspectWithinBothEdges) {
  const SceneScale scale;
  EXPECT_EQ(Sides(scale.SizeOf({512, 683})), std::pair(683, 512));
  EXPECT_EQ(Sides(scale.SizeOf({683, 512})), std::pair(512, 683));
  EXPECT_EQ(Sides(scale.SizeOf({256, 256})), std::pair(512, 512));
  EXPECT_EQ(Sides(scale.SizeOf({100, 1000})), std::pair(2048, 205)) << "the long edge binds";
  EXPECT_EQ(Sides(scale.SizeOf({428, 640}, 0.7503)), std::pair(574, 384)) << "edges are truncated: 384";
  EXPECT_EQ(Sides(scale.SizeOf({1, 60000}, 0.5)), std::pair(1024, 1)) << "never empty";
}

// Rows that OpenCV's INTER_NEAREST takes (docs/protocols/segmentation.md, section 2.1).
TEST(SceneResize, TakesThePublishedNearestRows) {
  struct Case {
    int in;
    std::vector<uint8_t> rows;
  };
  const std::vector<Case> cases = {{5, {0, 0, 1, 1, 2, 3, 3, 4}},
                                   {8, {0, 1, 3, 4, 6}},
                                   {10, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}},
                                   {7, {0, 2, 4}},
                                   {3, {0, 0, 0, 1, 1, 2, 2}}};
  for (const Case& c : cases) {
    Image column(c.in, 1, 1);
    for (int i = 0; i < c.in; ++i) column.pixels[i] = static_cast<uint8_t>(i);
    const int out = static_cast<int>(c.rows.size());
    EXPECT_EQ(ResizeNearest(column, {out, 1}).pixels, c.rows);
    Image row(1, c.in, 1);
    row.pixels = column.pixels;
    EXPECT_EQ(ResizeNearest(row, {1, out}).pixels, c.rows);
  }
}

TEST(SceneResize, BlendsTwoPixelsAroundHalfPixelCentres) {
  Image row(1, 2, 1);
  row.pixels = {0, 200};
  EXPECT_EQ(ResizeBilinear(row, {1, 4}).pixels, (std::vector<uint8_t>{0, 50, 150, 200}));
  Image wide(1, 8, 1);
  wide.pixels = {0, 0, 0, 100, 200, 0, 0, 0};
  EXPECT_EQ(ResizeBilinear(wide, {1, 2}).pixels, (std::vector<uint8_t>{0, 0})) << "no antialiasing: the middle is not seen";
}

TEST(SceneResize, ReadsAPartOfAPictureInPlace) {
  const Image image = NoisePicture(9, 11, 3);
  const ImageView part = ImageView(image).Part({2, 3, 5, 4});
  const Image resized = ResizeNearest(part, {4, 5});
  for (int y = 0; y < 4; ++y) EXPECT_TRUE(std::equal(resized.row(y), resized.row(y) + 15, part.row(y))) << y;
}

}  // namespace
}  // namespace deepmad::data
