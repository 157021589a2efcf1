#include "data/video/frame_crops.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

namespace deepmad::data {

Size WithShortSide(Size size, int side) {
  const double k = static_cast<double>(side) / std::min(size.height, size.width);
  return {static_cast<int>(size.height * k + 0.5), static_cast<int>(size.width * k + 0.5)};
}

std::vector<Region> FiveCrops(Size frame, Size crop) {
  const int x = (frame.width - crop.width) / 4, y = (frame.height - crop.height) / 4;
  std::vector<Region> regions;
  for (const auto& [column, row] : {std::pair{0, 0}, {4, 0}, {0, 4}, {4, 4}, {2, 2}}) {
    regions.push_back({column * x, row * y, crop.width, crop.height});
  }
  return regions;
}

Region MultiScaleCrop::Draw(Size frame, base::Random& random) const {
  constexpr std::array kScales = {1.0, 0.875, 0.75, 0.66};
  constexpr int kScaleCount = static_cast<int>(kScales.size());
  const int shorter = std::min(frame.height, frame.width);
  std::vector<Size> sizes;
  const auto scaled = [&](int scale) {
    const int length = static_cast<int>(shorter * kScales[static_cast<size_t>(scale)]);
    return std::abs(length - side) < 3 ? side : length;
  };
  for (int h = 0; h < kScaleCount; ++h) {
    for (int w = std::max(0, h - 1); w <= std::min(kScaleCount - 1, h + 1); ++w) sizes.push_back({scaled(h), scaled(w)});
  }
  Size crop = sizes[static_cast<size_t>(random.UniformInt(0, static_cast<int64_t>(sizes.size()) - 1))];
  // A short side of one or two pixels less than `side` must not give a crop beyond the frame.
  crop = {std::min(crop.height, frame.height), std::min(crop.width, frame.width)};
  return FiveCrops(frame, crop)[static_cast<size_t>(random.UniformInt(0, 4))];
}

Region DrawSquare(Size frame, int side, base::Random& random) {
  const int top = static_cast<int>(random.UniformInt(0, frame.height - side));
  const int left = static_cast<int>(random.UniformInt(0, frame.width - side));
  return {left, top, side, side};
}

FrameView CentreView(Size frame, int side) { return {{(frame.width - side) / 2, (frame.height - side) / 2, side, side}}; }

std::vector<FrameView> TenViews(Size frame, int side) {
  std::vector<FrameView> views;
  for (const bool mirrored : {false, true}) {
    for (const Region& region : FiveCrops(frame, {side, side})) views.push_back({region, mirrored});
  }
  return views;
}

std::vector<FrameView> ThreeViews(Size frame, int side) {
  const bool wide = frame.width >= frame.height;
  const int middle = (std::max(frame.height, frame.width) - side) / 2;
  std::vector<FrameView> views;
  for (const int at : {0, 2 * middle, middle}) views.push_back({{wide ? at : 0, wide ? 0 : at, side, side}});
  return views;
}

}  // namespace deepmad::data
