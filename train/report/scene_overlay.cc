#include "train/report/scene_overlay.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "base/error.h"

namespace deepmad::train {
namespace {

constexpr int kRow = 20, kSwatch = 14, kMargin = 6, kFont = cv::FONT_HERSHEY_SIMPLEX;
constexpr double kTextScale = 0.45;

cv::Scalar Bgr(const std::array<uint8_t, 3>& rgb) { return {double(rgb[2]), double(rgb[1]), double(rgb[0])}; }

int LegendWidth(const std::vector<LegendEntry>& legend) {
  int widest = 0, baseline = 0;
  for (const LegendEntry& entry : legend) widest = std::max(widest, cv::getTextSize(entry.text, kFont, kTextScale, 1, &baseline).width);
  return legend.empty() ? 0 : widest + kSwatch + 3 * kMargin;
}

void DrawLegend(const std::vector<LegendEntry>& legend, int left, cv::Mat& canvas) {
  for (size_t i = 0; i < legend.size(); ++i) {
    const int top = kMargin + static_cast<int>(i) * kRow;
    cv::rectangle(canvas, cv::Rect(left + kMargin, top, kSwatch, kSwatch), Bgr(legend[i].colour), cv::FILLED);
    cv::putText(canvas, legend[i].text, {left + 2 * kMargin + kSwatch, top + kSwatch - 2}, kFont, kTextScale, {0, 0, 0}, 1, cv::LINE_AA);
  }
}

}  // namespace

std::array<uint8_t, 3> ClassColour(int class_index) {
  // Steps of the golden angle, so that any number of classes from 0 on is spread over the hues; three brightnesses in turn.
  const double hue = std::fmod(class_index * 0.61803398875, 1.0) * 6, value = 255 - 60.0 * (class_index % 3);
  std::array<uint8_t, 3> rgb{};
  for (int channel = 0; channel < 3; ++channel) {
    const double k = std::fmod(5 - 2.0 * channel + hue, 6.0), part = std::clamp(std::min(k, 4 - k), 0.0, 1.0);
    rgb[static_cast<size_t>(channel)] = static_cast<uint8_t>(value * (1 - 0.85 * part));
  }
  return rgb;
}

std::string SceneOverlay(const uint8_t* picture, const uint8_t* classes, int height, int width, const std::vector<LegendEntry>& legend) {
  constexpr int kOpacity = 55;  // percent of the colour
  const int tallest = std::max(height, 2 * kMargin + static_cast<int>(legend.size()) * kRow);
  cv::Mat canvas(tallest, width + LegendWidth(legend), CV_8UC3, cv::Scalar(255, 255, 255));
  for (int y = 0; y < height; ++y) {
    uint8_t* out = canvas.ptr(y);
    for (int x = 0; x < width; ++x, out += 3, picture += 3, ++classes) {
      const std::array<uint8_t, 3> colour = ClassColour(*classes);
      for (int c = 0; c < 3; ++c) out[2 - c] = static_cast<uint8_t>((kOpacity * colour[c] + (100 - kOpacity) * picture[c]) / 100);
    }
  }
  DrawLegend(legend, width, canvas);
  std::vector<uint8_t> bytes;
  if (!cv::imencode(".png", canvas, bytes)) throw base::FailedError("cannot encode a picture");
  return {bytes.begin(), bytes.end()};
}

}  // namespace deepmad::train
