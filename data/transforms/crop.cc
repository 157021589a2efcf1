#include "data/transforms/crop.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace deepmad::data {
namespace {

int CentreOffset(int side, int crop) {
  if (side < crop) return -((crop - side) / 2);
  const int half = (side - crop) / 2;
  const bool tie = (side - crop) % 2 != 0;
  return half + (tie && half % 2 != 0 ? 1 : 0);
}

}  // namespace

Image Crop(const ImageView& image, const Region& region) {
  Image out(region.height, region.width, image.channels);
  const int left = std::max(0, region.left);
  const int right = std::min(image.width, region.left + region.width);
  const int top = std::max(0, region.top);
  const int bottom = std::min(image.height, region.top + region.height);
  if (left >= right) return out;
  const size_t channels = image.channels;
  for (int y = top; y < bottom; ++y) {
    std::memcpy(out.row(y - region.top) + (left - region.left) * channels, image.row(y) + left * channels, (right - left) * channels);
  }
  return out;
}

Region CentreRegion(Size size, Size crop) {
  return {CentreOffset(size.width, crop.width), CentreOffset(size.height, crop.height), crop.width, crop.height};
}

Region PaddedRandomCrop::Draw(Size size, base::Random& random) const {
  const int largest_top = size.height + 2 * padding - side;
  const int largest_left = size.width + 2 * padding - side;
  if (largest_top < 0 || largest_left < 0) throw std::logic_error("PaddedRandomCrop: the padded picture is smaller than the crop");
  const int top = static_cast<int>(random.UniformInt(0, largest_top)) - padding;
  const int left = static_cast<int>(random.UniformInt(0, largest_left)) - padding;
  return {left, top, side, side};
}

}  // namespace deepmad::data
