#include "data/image/image_io.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "base/atomic_file.h"
#include "base/error.h"
#include "data/image/jpeg_decoder.h"
#include "data/image/png_decoder.h"

namespace deepmad::data {
namespace {

using namespace std::string_view_literals;
constexpr std::string_view kJpegMagic = "\xFF\xD8\xFF"sv;
constexpr std::string_view kPngMagic = "\x89PNG\r\n\x1A\n"sv;

std::string Encode(const Image& image, const char* extension, const std::vector<int>& parameters) {
  const cv::Mat view(image.height, image.width, CV_8UC(image.channels), const_cast<uint8_t*>(image.pixels.data()));
  cv::Mat bgr;
  if (image.channels == 3) {
    cv::cvtColor(view, bgr, cv::COLOR_RGB2BGR);
  } else {
    bgr = view;
  }
  std::vector<uint8_t> bytes;
  cv::imencode(extension, bgr, bytes, parameters);
  return std::string(bytes.begin(), bytes.end());
}

}  // namespace

void CheckImageSize(int64_t width, int64_t height, const std::string& name) {
  const std::string size = std::to_string(width) + "x" + std::to_string(height);
  if (width < 1 || height < 1) throw base::FailedError("empty image: " + size + " pixels", name);
  if (width > kMaxSide || height > kMaxSide || width * height > kMaxPixels) {
    throw base::FailedError("image too large: " + size + " pixels", name,
                            "at most " + std::to_string(kMaxPixels) + " pixels and " + std::to_string(kMaxSide) + " a side");
  }
}

bool IsImageFormat(std::string_view bytes) { return bytes.starts_with(kJpegMagic) || bytes.starts_with(kPngMagic); }

void CheckImageFormat(std::string_view bytes, const std::string& name) {
  if (IsImageFormat(bytes)) return;
  throw base::FailedError(bytes.empty() ? "empty file" : "neither a JPEG nor a PNG image", name, "remove the file or replace it");
}

Image DecodeImage(std::string_view bytes, const std::string& name) {
  CheckImageFormat(bytes, name);
  return bytes.starts_with(kJpegMagic) ? DecodeJpeg(bytes, name) : DecodePng(bytes, name);
}

Size DecodeImageSize(std::string_view bytes, const std::string& name) {
  CheckImageFormat(bytes, name);
  return bytes.starts_with(kJpegMagic) ? DecodeJpegSize(bytes, name) : DecodePngSize(bytes, name);
}

DecodedPart DecodeImageRegion(std::string_view bytes, const std::string& name, const Region& region, const DecodeOptions& options) {
  CheckImageFormat(bytes, name);
  return bytes.starts_with(kJpegMagic) ? DecodeJpegRegion(bytes, name, region, options) : DecodedPart{DecodePng(bytes, name), region};
}

Image ReadImage(const std::string& path) { return DecodeImage(base::ReadFile(path, size_t{1} << 30), path); }

std::string EncodePng(const Image& image) { return Encode(image, ".png", {}); }

std::string EncodeJpeg(const Image& image, int quality) { return Encode(image, ".jpg", {cv::IMWRITE_JPEG_QUALITY, quality}); }

void WriteImage(const std::string& path, const Image& image) {
  std::string extension = std::filesystem::path(path).extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(), [](unsigned char c) { return std::tolower(c); });
  if (extension == ".png") {
    base::WriteFileAtomically(path, EncodePng(image));
  } else if (extension == ".jpg" || extension == ".jpeg") {
    base::WriteFileAtomically(path, EncodeJpeg(image));
  } else {
    throw base::UsageError("unknown image format '" + extension + "'", path, "use .png, .jpg or .jpeg");
  }
}

}  // namespace deepmad::data
