#include "train/report/contact_sheet.h"

#include <algorithm>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "base/error.h"

namespace deepmad::train {
namespace {

constexpr int kSide = 160, kMargin = 6, kCaption = 16, kLine = 20, kFont = cv::FONT_HERSHEY_SIMPLEX;
constexpr double kCaptionScale = 0.4, kTextScale = 0.5;
const cv::Scalar kInk(48, 36, 27), kSoft(118, 103, 91), kPaper(255, 255, 255);  // BGR

int TextWidth(const std::string& text) {
  int baseline = 0;
  return cv::getTextSize(text, kFont, kTextScale, 1, &baseline).width;
}

}  // namespace

ContactSheet::ContactSheet(size_t pictures, size_t columns) : columns_(std::min(pictures, columns)), tiles_(pictures) {}

void ContactSheet::Put(size_t position, const uint8_t* pixels, int height, int width, size_t stride, const std::string& caption) {
  if (tile_height_ == 0) {
    const double scale = std::min(1.0, static_cast<double>(kSide) / std::max(height, width));
    tile_height_ = std::max(1, static_cast<int>(height * scale));
    tile_width_ = std::max(1, static_cast<int>(width * scale));
  }
  Tile& tile = tiles_.at(position);
  tile.caption = caption;
  tile.pixels.resize(static_cast<size_t>(tile_height_) * static_cast<size_t>(tile_width_) * 3);
  const cv::Mat source(height, width, CV_8UC3, const_cast<uint8_t*>(pixels), stride);  // is only read
  cv::Mat small, target(tile_height_, tile_width_, CV_8UC3, tile.pixels.data());
  cv::resize(source, small, target.size(), 0, 0, cv::INTER_AREA);
  cv::cvtColor(small, target, cv::COLOR_RGB2BGR);
}

std::string ContactSheet::Png(const std::vector<std::string>& lines) const {
  const int columns = static_cast<int>(columns_), rows = static_cast<int>((tiles_.size() + columns_ - 1) / columns_);
  const int column = tile_width_ + kMargin, row = tile_height_ + kCaption + kMargin, below = kMargin + rows * row;
  int width = kMargin + columns * column;
  for (const std::string& line : lines) width = std::max(width, TextWidth(line) + 2 * kMargin);
  cv::Mat canvas(below + static_cast<int>(lines.size()) * kLine + kMargin, width, CV_8UC3, kPaper);
  for (size_t i = 0; i < tiles_.size(); ++i) {
    if (tiles_[i].pixels.empty()) continue;
    const int left = kMargin + static_cast<int>(i % columns_) * column, top = kMargin + static_cast<int>(i / columns_) * row;
    const cv::Mat tile(tile_height_, tile_width_, CV_8UC3, const_cast<uint8_t*>(tiles_[i].pixels.data()));
    tile.copyTo(canvas(cv::Rect(left, top, tile_width_, tile_height_)));
    cv::putText(canvas, tiles_[i].caption, {left, top + tile_height_ + kCaption - 4}, kFont, kCaptionScale, kSoft, 1, cv::LINE_AA);
  }
  for (size_t i = 0; i < lines.size(); ++i) {
    cv::putText(canvas, lines[i], {kMargin, below + static_cast<int>(i + 1) * kLine - 6}, kFont, kTextScale, kInk, 1, cv::LINE_AA);
  }
  std::vector<uint8_t> bytes;
  if (!cv::imencode(".png", canvas, bytes)) throw base::FailedError("cannot encode a picture");
  return {bytes.begin(), bytes.end()};
}

}  // namespace deepmad::train
