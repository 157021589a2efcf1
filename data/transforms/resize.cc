#include "data/transforms/resize.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "data/transforms/crop.h"
#include "data/transforms/resample_passes.h"

namespace deepmad::data {

Image Resize(const ImageView& image, Size size, Interpolation interpolation) {
  return ResizeRegion(image, image.size().whole(), size, size.whole(), interpolation);
}

Image ResizeRegion(const ImageView& image, const Region& source, Size size, const Region& window, Interpolation interpolation) {
  if (image.channels > 4 || !image.size().Contains(source) || !size.Contains(window)) {
    throw std::logic_error("ResizeRegion: a region lies outside its picture");
  }
  const bool vertical = size.height != source.height;
  ResampleTaps rows;
  int top = window.top;  // of the source rows that the window needs, counted within `source`
  int height = window.height;
  if (vertical) {
    rows = ComputeTaps(source.height, size.height, window.top, window.top + window.height, interpolation);
    top = rows.first.front();
    height = rows.first.back() + rows.count.back() - top;
  }

  if (size.width == source.width) {
    const ImageView columns = image.Part({source.left + window.left, source.top + top, window.width, height});
    return vertical ? ResampleRows(columns, top, rows) : Copy(columns);
  }
  const ResampleTaps taps = ComputeTaps(source.width, size.width, window.left, window.left + window.width, interpolation);
  Image columns = ResampleColumns(image.Part({source.left, source.top + top, source.width, height}), taps);
  return vertical ? ResampleRows(columns, top, rows) : columns;
}

Size SizeForShorterSide(Size size, int shorter) {
  const int64_t height = size.height, width = size.width;
  if (width <= height) return {static_cast<int>(shorter * height / width), shorter};
  return {shorter, static_cast<int>(shorter * width / height)};
}

int ValidationResize::resized_side() const { return static_cast<int>(std::floor(crop / crop_pct)); }

Image ValidationResize::operator()(const ImageView& image) const {
  const Size size = SizeForShorterSide(image.size(), resized_side());
  const Region centre = CentreRegion(size, {crop, crop});
  // Only the part of the crop that lies on the picture is computed.
  Region inside;
  inside.left = std::max(0, centre.left);
  inside.top = std::max(0, centre.top);
  inside.width = std::min(size.width, centre.left + crop) - inside.left;
  inside.height = std::min(size.height, centre.top + crop) - inside.top;
  Image resized = ResizeRegion(image, image.size().whole(), size, inside, interpolation);
  if (inside.width == crop && inside.height == crop) return resized;
  return Crop(resized, {centre.left - inside.left, centre.top - inside.top, crop, crop});
}

}  // namespace deepmad::data
