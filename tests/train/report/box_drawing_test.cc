#include "train/report/box_drawing.h"

#include <gtest/gtest.h>

#include <opencv2/imgcodecs.hpp>

namespace deepmad::train {
namespace {

constexpr std::array<uint8_t, 3> kRed{255, 0, 0}, kBlue{0, 0, 200};

cv::Mat Decode(const std::string& png) { return cv::imdecode(std::vector<uint8_t>(png.begin(), png.end()), cv::IMREAD_COLOR); }

std::array<uint8_t, 3> Rgb(const cv::Mat& canvas, int x, int y) {
  const auto& pixel = canvas.at<cv::Vec3b>(y, x);
  return {pixel[2], pixel[1], pixel[0]};
}

TEST(BoxDrawing, DrawsEdgesInTheirColourAndNothingElse) {
  const std::vector<uint8_t> picture(60 * 80 * 3, 50);
  const cv::Mat canvas = Decode(BoxDrawing(picture.data(), 60, 80, {{10, 20, 40, 50, "", kRed}}));
  ASSERT_EQ(std::tuple(canvas.rows, canvas.cols), std::tuple(60, 80));
  for (const auto& [x, y] : {std::pair{10, 20}, {40, 50}, {25, 20}, {10, 33}, {40, 41}})
    EXPECT_EQ(Rgb(canvas, x, y), kRed) << x << ", " << y;
  for (const auto& [x, y] : {std::pair{9, 20}, {11, 21}, {25, 35}, {41, 50}}) {
    EXPECT_EQ(Rgb(canvas, x, y), (std::array<uint8_t, 3>{50, 50, 50})) << x << ", " << y;
  }
}

TEST(BoxDrawing, TheFirstBoxIsOnTopAndTextHasItsColour) {
  const std::vector<uint8_t> picture(200 * 200 * 3, 0);
  const cv::Mat canvas =
      Decode(BoxDrawing(picture.data(), 200, 200, {{20, 100, 120, 180, "dog 0.91", kRed}, {20, 100, 120, 180, "cat", kBlue}}));
  EXPECT_EQ(Rgb(canvas, 120, 150), kRed);
  EXPECT_EQ(Rgb(canvas, 21, 98), kRed) << "the ground of the text, above the box";
  int letters = 0;
  for (int y = 80; y < 100; ++y) {
    for (int x = 20; x < 90; ++x) letters += canvas.at<cv::Vec3b>(y, x)[1] > 100;
  }
  EXPECT_GT(letters, 20);
}

TEST(BoxDrawing, BoxesMayTouchAndLeaveThePicture) {
  const std::vector<uint8_t> picture(40 * 30 * 3, 9);
  const cv::Mat canvas =
      Decode(BoxDrawing(picture.data(), 40, 30, {{-5, -1e9, 30, 1e9, "a long name of a class", kBlue}, {2, 3, 2, 3, "x", kRed}}));
  EXPECT_EQ(Rgb(canvas, 0, 30), kBlue);
  EXPECT_EQ(Rgb(canvas, 29, 30), kBlue);
  EXPECT_EQ(Decode(BoxDrawing(picture.data(), 40, 30, {})).rows, 40);
}

}  // namespace
}  // namespace deepmad::train
