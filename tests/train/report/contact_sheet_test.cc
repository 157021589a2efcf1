#include "train/report/contact_sheet.h"

#include <gtest/gtest.h>

#include <opencv2/imgcodecs.hpp>

namespace deepmad::train {
namespace {

cv::Mat Drawn(const ContactSheet& sheet, const std::vector<std::string>& lines = {}) {
  const std::string png = sheet.Png(lines);
  return cv::imdecode(std::vector<uint8_t>(png.begin(), png.end()), cv::IMREAD_COLOR);
}

// A picture of one colour, with bytes of another behind each row.
void Put(ContactSheet& sheet, size_t position, int height, int width, const std::vector<uint8_t>& rgb) {
  const size_t stride = 3 * static_cast<size_t>(width) + 5;
  std::vector<uint8_t> pixels(stride * static_cast<size_t>(height), 77);
  for (int y = 0; y < height; ++y) {
    for (size_t x = 0; x < 3 * static_cast<size_t>(width); ++x) pixels[static_cast<size_t>(y) * stride + x] = rgb[x % 3];
  }
  sheet.Put(position, pixels.data(), height, width, stride, "12, 0.5 s");
}

TEST(ContactSheet, ShowsPicturesInRowsWithTheTextBelow) {
  ContactSheet sheet(3, 2);
  Put(sheet, 0, 80, 100, {255, 0, 0});
  Put(sheet, 2, 80, 100, {0, 0, 255});
  const cv::Mat drawn = Drawn(sheet);
  EXPECT_GT(drawn.cols, 2 * 100);
  EXPECT_LT(drawn.cols, 3 * 100);
  EXPECT_GT(drawn.rows, 2 * 80);
  const int column = 106, row = 102;  // with margin and caption
  EXPECT_EQ(drawn.at<cv::Vec3b>(50, 50), cv::Vec3b(0, 0, 255)) << "red, as BGR";
  EXPECT_EQ(drawn.at<cv::Vec3b>(50, 50 + column), cv::Vec3b(255, 255, 255)) << "got no picture";
  EXPECT_EQ(drawn.at<cv::Vec3b>(50 + row, 50), cv::Vec3b(255, 0, 0));
  const cv::Mat lined = Drawn(sheet, {" 93.1 %  a class with quite a long name that is wider than both pictures"});
  EXPECT_GT(lined.rows, drawn.rows);
  EXPECT_GT(lined.cols, drawn.cols);
}

TEST(ContactSheet, ShrinksLargePicturesAndKeepsSmallOnes) {
  ContactSheet large(1, 8), small(1, 8);
  Put(large, 0, 900, 1600, {9, 99, 199});
  Put(small, 0, 20, 30, {9, 99, 199});
  const cv::Mat drawn = Drawn(large);
  EXPECT_NEAR(drawn.cols, 160, 20);
  EXPECT_EQ(drawn.at<cv::Vec3b>(40, 40), cv::Vec3b(199, 99, 9));
  EXPECT_NEAR(Drawn(small).cols, 30, 20);
}

}  // namespace
}  // namespace deepmad::train
