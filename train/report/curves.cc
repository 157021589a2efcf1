#include "train/report/curves.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "base/error.h"
#include "base/progress.h"

namespace deepmad::train {
namespace {

// Drawn at twice the size and averaged down: the vector font looks smooth that way.
constexpr int kScale = 2;
constexpr int kPanelWidth = 720, kPanelHeight = 480;
constexpr int kLeftMargin = 72, kRightMargin = 24, kTopMargin = 84, kBottomMargin = 56;
constexpr double kTitleSize = 0.62, kTextSize = 0.44;
constexpr int kSubpixelBits = 4;

const cv::Scalar kInk(48, 36, 27), kSoft(118, 103, 91), kGrid(236, 231, 226), kPaper(255, 255, 255);  // BGR

// Okabe and Ito's colours, told apart by colour-blind readers too; BGR.
const std::array<cv::Scalar, 6> kColours = {cv::Scalar(178, 114, 0),   cv::Scalar(0, 94, 213),  cv::Scalar(115, 158, 0),
                                            cv::Scalar(167, 121, 204), cv::Scalar(0, 159, 230), cv::Scalar(233, 180, 86)};

struct Range {
  double low = std::numeric_limits<double>::infinity(), high = -std::numeric_limits<double>::infinity();

  void Include(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
  double size() const { return high - low; }
};

// Not NaN, not infinite, and not so large that a difference would be.
bool IsDrawn(const CurveSeries& series, size_t i) { return std::abs(series.x[i]) < 1e300 && std::abs(series.y[i]) < 1e300; }

double SpreadOf(const CurveSeries& series, size_t i) { return series.spread.empty() ? 0 : series.spread[i]; }

// 1, 2 or 5 times a power of ten, so that about `count` steps fill the range.
double TickStep(double size, int count) {
  const double raw = size / count;
  const double power = std::pow(10, std::floor(std::log10(raw)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (raw <= factor * power) return factor * power;
  }
  return 10 * power;
}

// Never empty, never of size zero; with some air above and below for y.
Range Widened(Range range, double air) {
  if (!(range.low <= range.high)) return {0, 1};
  const double magnitude = std::max(std::abs(range.low), std::abs(range.high));
  if (range.size() <= 1e-9 * magnitude || range.size() < 1e-300) {
    const double half = magnitude > 0 ? 0.05 * magnitude : 0.5;
    return {range.low - half, range.high + half};
  }
  return {range.low - air * range.size(), range.high + air * range.size()};
}

std::string TickText(double value, double step, bool percent) {
  if (percent) return fmt::format("{:.{}f}%", 100 * value, step < 0.001 ? 2 : step < 0.01 ? 1 : 0);
  if (std::abs(value) < 1e-9 * step) return "0";
  if (std::abs(value) >= 1e4) return base::FormatCount(value);
  const int digits = std::clamp(static_cast<int>(std::log10(std::abs(value) / step) + 2), 2, 6);
  return fmt::format("{:.{}g}", value, std::max(digits, static_cast<int>(std::log10(std::abs(value)) + 1)));  // 150, not 1.5e+02
}

std::string Printable(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if ((static_cast<unsigned char>(c) & 0xc0) != 0x80) out += c >= 0x20 && c < 0x7f ? c : '?';  // one '?' a UTF-8 character
  }
  return out;
}

enum class Align { kLeft, kCentre, kRight };

int TextWidth(const std::string& text, double size) {
  int baseline = 0;
  return cv::getTextSize(text, cv::FONT_HERSHEY_SIMPLEX, size * kScale, kScale, &baseline).width / kScale;
}

// (x, y) is the left, middle or right end of the base line, in panel pixels like everything below.
void DrawText(cv::Mat& panel, const std::string& text, int x, int y, double size, const cv::Scalar& colour, Align align) {
  const int width = TextWidth(text, size);
  const int left = align == Align::kLeft ? x : align == Align::kCentre ? x - width / 2 : x - width;
  cv::putText(panel, text, {left * kScale, y * kScale}, cv::FONT_HERSHEY_SIMPLEX, size * kScale, colour, kScale, cv::LINE_AA);
}

// Maps data to the plot area of a panel.
class Plot {
 public:
  Plot(const CurvePanel& panel, cv::Mat& picture) : panel_(panel), picture_(picture) {
    Range x, y;
    bool dots = false;  // which should not lie on the frame
    for (const CurveSeries& series : panel.series) {
      for (size_t i = 0; i < series.x.size(); ++i) {
        if (!IsDrawn(series, i)) continue;
        x.Include(series.x[i]);
        y.Include(series.y[i] - SpreadOf(series, i));
        y.Include(series.y[i] + SpreadOf(series, i));
        dots = dots || series.points;
      }
    }
    x_ = Widened(x, dots ? 0.05 : 0);
    y_ = Widened(y, 0.06);
    if (panel.percent) y_ = {std::max(y_.low, 0.0), std::min(y_.high, 1.0)};
    if (!(y_.size() > 0)) y_ = {0, 1};
  }

  void DrawAxes() {
    const int right = kPanelWidth - kRightMargin, bottom = kPanelHeight - kBottomMargin;
    const double y_step = TickStep(y_.size(), 8);
    for (double y = std::ceil(y_.low / y_step) * y_step; y <= y_.high + 1e-9 * y_step; y += y_step) {
      const int row = static_cast<int>(std::lround(Y(y)));
      cv::line(picture_, {kLeftMargin * kScale, row * kScale}, {right * kScale, row * kScale}, kGrid, kScale);
      DrawText(picture_, TickText(y, y_step, panel_.percent), kLeftMargin - 8, row + 5, kTextSize, kSoft, Align::kRight);
    }
    const double x_step = TickStep(x_.size(), 8);
    for (double x = std::ceil(x_.low / x_step) * x_step; x <= x_.high + 1e-9 * x_step; x += x_step) {
      const int column = static_cast<int>(std::lround(X(x)));
      cv::line(picture_, {column * kScale, bottom * kScale}, {column * kScale, (bottom + 5) * kScale}, kSoft, kScale);
      DrawText(picture_, TickText(x, x_step, false), column, bottom + 20, kTextSize, kSoft, Align::kCentre);
    }
    cv::line(picture_, {kLeftMargin * kScale, bottom * kScale}, {right * kScale, bottom * kScale}, kSoft, kScale);
    DrawText(picture_, Printable(panel_.x_label), (kLeftMargin + right) / 2, kPanelHeight - 14, kTextSize, kSoft, Align::kCentre);
  }

  void DrawPoints(const CurveSeries& series, const cv::Scalar& colour) {
    for (size_t i = 0; i < series.x.size(); ++i) {
      if (!IsDrawn(series, i)) continue;
      if (const double spread = SpreadOf(series, i); spread > 0) {
        cv::line(picture_, Point(series.x[i], series.y[i] - spread), Point(series.x[i], series.y[i] + spread), colour, kScale, cv::LINE_AA,
                 kSubpixelBits);
      }
      Dot(Point(series.x[i], series.y[i]), colour);
    }
  }

  void DrawSeries(const CurveSeries& series, const cv::Scalar& colour) {
    if (series.points) return DrawPoints(series, colour);
    std::vector<cv::Point> line;
    const auto finish_line = [&] {
      if (line.size() > 1) cv::polylines(picture_, line, false, colour, 2 * kScale, cv::LINE_AA, kSubpixelBits);
      if (line.size() == 1) Dot(line[0], colour);
      line.clear();
    };
    for (size_t i = 0; i < series.x.size(); ++i) {
      if (IsDrawn(series, i)) {
        line.push_back(Point(series.x[i], series.y[i]));
      } else {
        finish_line();
      }
    }
    if (!line.empty() && panel_.legend_values) Dot(line.back(), colour);  // marks where the curve has got to
    finish_line();
  }

  // One row above the plot.
  void DrawLegend() {
    int x = kLeftMargin;
    for (size_t s = 0; s < panel_.series.size(); ++s) {
      const CurveSeries& series = panel_.series[s];
      std::string text = Printable(series.name);
      for (size_t i = panel_.legend_values ? series.x.size() : 0; i-- > 0;) {
        if (!IsDrawn(series, i)) continue;
        text += panel_.percent ? fmt::format(" {:.2f}%", 100 * series.y[i]) : fmt::format(" {:.4g}", series.y[i]);
        break;
      }
      cv::line(picture_, {x * kScale, 60 * kScale}, {(x + 20) * kScale, 60 * kScale}, kColours[s % kColours.size()], 3 * kScale,
               cv::LINE_AA);
      DrawText(picture_, text, x + 27, 65, kTextSize, kInk, Align::kLeft);
      x += 27 + TextWidth(text, kTextSize) + 24;
    }
  }

 private:
  double X(double x) const { return kLeftMargin + (x - x_.low) / x_.size() * (kPanelWidth - kLeftMargin - kRightMargin); }
  double Y(double y) const { return kPanelHeight - kBottomMargin - (y - y_.low) / y_.size() * (kPanelHeight - kTopMargin - kBottomMargin); }
  cv::Point Point(double x, double y) const {
    const double unit = kScale << kSubpixelBits;
    return {static_cast<int>(std::lround(X(x) * unit)), static_cast<int>(std::lround(Y(y) * unit))};
  }
  void Dot(const cv::Point& centre, const cv::Scalar& colour) {
    cv::circle(picture_, centre, (4 * kScale) << kSubpixelBits, colour, cv::FILLED, cv::LINE_AA, kSubpixelBits);
  }

  const CurvePanel& panel_;
  cv::Mat& picture_;
  Range x_, y_;
};

void DrawPanel(const CurvePanel& panel, cv::Mat picture) {
  DrawText(picture, Printable(panel.title), kLeftMargin, 34, kTitleSize, kInk, Align::kLeft);
  Plot plot(panel, picture);
  plot.DrawAxes();
  for (size_t i = 0; i < panel.series.size(); ++i) plot.DrawSeries(panel.series[i], kColours[i % kColours.size()]);
  plot.DrawLegend();
}

}  // namespace

std::string CurvesPng(const std::vector<CurvePanel>& panels) {
  if (panels.empty()) throw base::FailedError("curves need at least one panel");
  const int count = static_cast<int>(panels.size());
  cv::Mat large(kPanelHeight * kScale, kPanelWidth * kScale * count, CV_8UC3, kPaper);
  for (int i = 0; i < count; ++i) {
    for (const CurveSeries& series : panels[static_cast<size_t>(i)].series) {
      if (series.x.size() != series.y.size()) throw base::FailedError("a curve with x and y of different length", series.name);
      if (!series.spread.empty() && series.spread.size() != series.x.size()) {
        throw base::FailedError("a curve with another number of spreads than points", series.name);
      }
    }
    DrawPanel(panels[static_cast<size_t>(i)], large(cv::Rect(i * kPanelWidth * kScale, 0, kPanelWidth * kScale, kPanelHeight * kScale)));
  }
  cv::Mat picture;
  cv::resize(large, picture, {kPanelWidth * count, kPanelHeight}, 0, 0, cv::INTER_AREA);
  std::vector<unsigned char> png;
  if (!cv::imencode(".png", picture, png)) throw base::FailedError("the curves cannot be encoded as PNG");
  return std::string(png.begin(), png.end());
}

}  // namespace deepmad::train
