#include "train/report/thumbnail.h"

#include <algorithm>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "base/error.h"

namespace deepmad::train {

std::string Thumbnail(const uint8_t* pixels, int height, int width, int channels) {
  constexpr int kSide = 160, kQuality = 85;
  const cv::Mat source(height, width, channels == 1 ? CV_8UC1 : CV_8UC3, const_cast<uint8_t*>(pixels));  // is only read
  cv::Mat picture = source;
  if (channels != 1) cv::cvtColor(source, picture, cv::COLOR_RGB2BGR);
  if (const double scale = static_cast<double>(kSide) / std::max(height, width); scale < 1) {
    const cv::Size size(std::max(1, static_cast<int>(width * scale)), std::max(1, static_cast<int>(height * scale)));
    cv::Mat small;
    cv::resize(picture, small, size, 0, 0, cv::INTER_AREA);
    picture = small;
  }
  std::vector<uint8_t> bytes;
  if (!cv::imencode(".jpg", picture, bytes, {cv::IMWRITE_JPEG_QUALITY, kQuality})) throw base::FailedError("cannot encode a picture");
  return {bytes.begin(), bytes.end()};
}

}  // namespace deepmad::train
