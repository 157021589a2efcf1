#include "train/report/box_drawing.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "base/error.h"

namespace deepmad::train {
namespace {

constexpr int kFont = cv::FONT_HERSHEY_SIMPLEX, kMargin = 2;

cv::Scalar Bgr(const std::array<uint8_t, 3>& rgb) { return {double(rgb[2]), double(rgb[1]), double(rgb[0])}; }

// Black on light colours, white on dark ones.
cv::Scalar TextColour(const std::array<uint8_t, 3>& rgb) {
  const double light = 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2];
  return light > 128 ? cv::Scalar(0, 0, 0) : cv::Scalar(255, 255, 255);
}

int Pixel(double at, int side) { return std::clamp(static_cast<int>(std::lround(std::clamp(at, -1.0, 1.0 * side))), 0, side - 1); }

void Draw(const DrawnBox& box, int thickness, cv::Mat& canvas) {
  const cv::Point corner(Pixel(box.left, canvas.cols), Pixel(box.top, canvas.rows));
  cv::rectangle(canvas, corner, {Pixel(box.right, canvas.cols), Pixel(box.bottom, canvas.rows)}, Bgr(box.colour), thickness);
  if (box.text.empty()) return;
  int baseline = 0;
  const double scale = 0.4 + 0.1 * (thickness - 1);
  const cv::Size text = cv::getTextSize(box.text, kFont, scale, 1, &baseline);
  const int high = text.height + baseline + 2 * kMargin, top = corner.y >= high ? corner.y - high : corner.y;
  const int left = std::max(0, std::min(corner.x, canvas.cols - text.width - 2 * kMargin));
  cv::rectangle(canvas, cv::Rect(left, top, text.width + 2 * kMargin, high), Bgr(box.colour), cv::FILLED);
  cv::putText(canvas, box.text, {left + kMargin, top + kMargin + text.height}, kFont, scale, TextColour(box.colour), 1, cv::LINE_AA);
}

}  // namespace

std::string BoxDrawing(const uint8_t* picture, int height, int width, const std::vector<DrawnBox>& boxes) {
  cv::Mat canvas;
  cv::cvtColor(cv::Mat(height, width, CV_8UC3, const_cast<uint8_t*>(picture)), canvas, cv::COLOR_RGB2BGR);  // the picture is only read
  const int thickness = 1 + std::min(height, width) / 400;
  for (auto box = boxes.rbegin(); box != boxes.rend(); ++box) Draw(*box, thickness, canvas);
  std::vector<uint8_t> bytes;
  if (!cv::imencode(".png", canvas, bytes)) throw base::FailedError("cannot encode a picture");
  return {bytes.begin(), bytes.end()};
}

}  // namespace deepmad::train
