// Metric curves as a picture.
#pragma once

#include <string>
#include <vector>

namespace deepmad::train {

struct CurveSeries {
  std::string name;
  std::vector<double> x, y;         // same length; a point that is not finite interrupts the line
  bool points = false;              // dots without a line
  std::vector<double> spread = {};  // of each dot, drawn up and down from it; empty: none
};

struct CurvePanel {
  std::string title;
  std::string x_label;
  std::vector<CurveSeries> series;
  bool percent = false;       // y is a fraction, shown in %
  bool legend_values = true;  // the legend gives each curve's last value, which is then marked: for curves over time
};

// The panels side by side, as the bytes of a PNG (8-bit RGB, 720x480 pixels a panel). Text outside ASCII is shown as '?'.
// FailedError without a panel, or for a series with x and y of different length.
std::string CurvesPng(const std::vector<CurvePanel>& panels);

}  // namespace deepmad::train
