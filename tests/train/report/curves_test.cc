#include "train/report/curves.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <opencv2/imgcodecs.hpp>

#include "base/error.h"

namespace deepmad::train {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();

// [480, 720 * panels, 3] uint8, BGR.
cv::Mat Picture(const std::vector<CurvePanel>& panels) {
  const std::string png = CurvesPng(panels);
  return cv::imdecode(std::vector<unsigned char>(png.begin(), png.end()), cv::IMREAD_COLOR);
}

CurvePanel Panel(const std::vector<double>& y) {
  CurveSeries series{"loss", {}, y};
  for (size_t i = 0; i < y.size(); ++i) series.x.push_back(static_cast<double>(i));
  return {"Loss", "epoch", {series}, false};
}

// Pixels of the plot area with about the colour of the first curve.
cv::Mat CurvePixels(const cv::Mat& picture) {
  cv::Mat mask;
  cv::inRange(picture(cv::Rect(73, 85, 622, 338)), cv::Scalar(160, 90, 0), cv::Scalar(200, 140, 60), mask);
  return mask;
}

TEST(Curves, GiveAPngOfOnePanelBesideTheOther) {
  const cv::Mat picture = Picture({Panel({3, 2, 1}), Panel({0.1, 0.5})});
  EXPECT_EQ(picture.size(), cv::Size(1440, 480));
}

TEST(Curves, ADiagonalRunsFromTheLowerLeftToTheUpperRight) {
  const cv::Mat mask = CurvePixels(Picture({Panel({0, 1})}));
  const int half_width = mask.cols / 2, half_height = mask.rows / 2;
  EXPECT_GT(cv::countNonZero(mask(cv::Rect(0, half_height, half_width, mask.rows - half_height))), 100);
  EXPECT_GT(cv::countNonZero(mask(cv::Rect(half_width, 0, half_width, half_height))), 100);
  EXPECT_LT(cv::countNonZero(mask(cv::Rect(0, 0, half_width - 20, half_height - 20))), 5);
}

TEST(Curves, EqualInputGivesEqualBytes) { EXPECT_EQ(CurvesPng({Panel({3, 2, 1})}), CurvesPng({Panel({3, 2, 1})})); }

TEST(Curves, APointThatIsNotFiniteInterruptsTheLine) {
  const cv::Mat whole = CurvePixels(Picture({Panel({0, 1, 2, 3, 4})}));
  const cv::Mat broken = CurvePixels(Picture({Panel({0, 1, kNan, 3, 4})}));
  EXPECT_LT(cv::countNonZero(broken), 0.7 * cv::countNonZero(whole));
  EXPECT_GT(cv::countNonZero(broken), 100);
}

TEST(Curves, ASinglePointIsSeen) { EXPECT_GT(cv::countNonZero(CurvePixels(Picture({Panel({0.7})}))), 20); }

TEST(Curves, TheLastValueIsMarkedOnlyWhereTheLegendGivesIt) {
  CurvePanel marked = Panel({3, 1, 2});
  marked.series[0].x = {2, 0, 1};  // ends in the middle
  CurvePanel plain = marked;
  plain.legend_values = false;
  EXPECT_GT(cv::countNonZero(CurvePixels(Picture({marked}))), cv::countNonZero(CurvePixels(Picture({plain}))) + 20);
}

TEST(Curves, PointsStandAloneWithTheirSpread) {
  CurvePanel line = Panel({0, 1, 2, 3});
  CurvePanel points = line;
  points.series[0].points = true;
  CurvePanel spread = points;
  spread.series[0].spread = {0.5, 0.5, 0.5, 0.5};
  const int in_line = cv::countNonZero(CurvePixels(Picture({line}))), in_points = cv::countNonZero(CurvePixels(Picture({points})));
  EXPECT_LT(in_points, in_line / 2);
  EXPECT_GT(in_points, 4 * 20);
  EXPECT_GT(cv::countNonZero(CurvePixels(Picture({spread}))), in_points + 4 * 20);
  spread.series[0].spread = {1};
  EXPECT_THROW(CurvesPng({spread}), base::Error);
}

TEST(Curves, StrangeValuesAreDrawnWithoutHarm) {
  for (const std::vector<double>& y : {std::vector<double>{},
                                       {kNan, kInf, -kInf},
                                       {0, 0, 0},
                                       {1e-300, 2e-300},
                                       {1e300, -1e300},
                                       {5, 5 + 1e-13},
                                       {-3e12, 4e12},
                                       {1e-7, 3e-7}}) {
    CurvePanel panel = Panel(y);
    EXPECT_EQ(Picture({panel}).size(), cv::Size(720, 480));
    panel.percent = true;
    EXPECT_EQ(Picture({panel}).size(), cv::Size(720, 480));
  }
}

TEST(Curves, ManyPointsAreFine) {
  std::vector<double> y;
  for (int i = 0; i < 100000; ++i) y.push_back(std::exp(-i / 2e4) + 0.05 * std::sin(i));
  EXPECT_GT(cv::countNonZero(CurvePixels(Picture({Panel(y)}))), 1000);
}

TEST(Curves, WrongInputIsRefused) {
  EXPECT_THROW(CurvesPng({}), base::Error);
  CurvePanel panel = Panel({1, 2});
  panel.series[0].x.pop_back();
  EXPECT_THROW(CurvesPng({panel}), base::Error);
}

}  // namespace
}  // namespace deepmad::train
