#include "data/transforms/scene_resize.h"

#include <algorithm>
#include <opencv2/imgproc.hpp>

namespace deepmad::data {
namespace {

Image ResizeBy(const ImageView& image, Size size, int interpolation) {
  Image resized(size.height, size.width, image.channels);
  const int type = CV_8UC(image.channels);
  const cv::Mat from(image.height, image.width, type, const_cast<uint8_t*>(image.pixels), image.stride);  // only read
  cv::Mat to(size.height, size.width, type, resized.pixels.data());
  cv::resize(from, to, to.size(), 0, 0, interpolation);
  return resized;
}

}  // namespace

Size SceneScale::SizeOf(Size picture, double ratio) const {
  const double long_target = static_cast<int>(long_edge * ratio), short_target = static_cast<int>(short_edge * ratio);
  const double k = std::min(long_target / std::max(picture.height, picture.width), short_target / std::min(picture.height, picture.width));
  return {std::max(1, static_cast<int>(picture.height * k + 0.5)), std::max(1, static_cast<int>(picture.width * k + 0.5))};
}

Image ResizeBilinear(const ImageView& image, Size size) { return ResizeBy(image, size, cv::INTER_LINEAR); }

Image ResizeNearest(const ImageView& image, Size size) { return ResizeBy(image, size, cv::INTER_NEAREST); }

}  // namespace deepmad::data
