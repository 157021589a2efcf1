#include "train/report/thumbnail.h"

#include <gtest/gtest.h>

#include <opencv2/imgcodecs.hpp>
#include <vector>

namespace deepmad::train {
namespace {

cv::Mat Decoded(const std::string& jpeg) { return cv::imdecode(std::vector<uint8_t>(jpeg.begin(), jpeg.end()), cv::IMREAD_UNCHANGED); }

TEST(Thumbnail, ShrinksLargePicturesAndLeavesSmallOnes) {
  const std::vector<uint8_t> pixels(3 * 400 * 800, 90);
  EXPECT_EQ(Decoded(Thumbnail(pixels.data(), 400, 800, 3)).size(), cv::Size(160, 80));
  EXPECT_EQ(Decoded(Thumbnail(pixels.data(), 20, 30, 3)).size(), cv::Size(30, 20));
  EXPECT_EQ(Decoded(Thumbnail(pixels.data(), 20, 30, 1)).channels(), 1);
}

TEST(Thumbnail, KeepsTheColours) {
  std::vector<uint8_t> pixels;
  for (int i = 0; i < 64; ++i) pixels.insert(pixels.end(), {200, 100, 20});
  const auto pixel = Decoded(Thumbnail(pixels.data(), 8, 8, 3)).at<cv::Vec3b>(4, 4);  // BGR
  EXPECT_NEAR(pixel[2], 200, 4);
  EXPECT_NEAR(pixel[1], 100, 4);
  EXPECT_NEAR(pixel[0], 20, 4);
}

}  // namespace
}  // namespace deepmad::train
