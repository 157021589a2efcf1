#include "data/png_decoder.h"

#include <zlib.h>

#include <cctype>
#include <cstring>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "base/error.h"
#include "data/image_io.h"

namespace deepmad::data {
namespace {

constexpr size_t kMagicSize = 8;
constexpr size_t kChunkFrame = 12;  // length, type and checksum, 4 bytes each, around the content

uint32_t BigEndian32(std::string_view bytes, size_t offset) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<uint8_t>(bytes[offset + i]);
  return value;
}

// The file without its ancillary chunks (types in lower case: colour profiles, comments). libpng writes its complaints about those, and
// about damage, straight to the terminal; after this check it has none.
std::string CriticalChunks(std::string_view bytes, const std::string& name) {
  std::string critical(bytes.substr(0, kMagicSize));
  for (size_t at = kMagicSize; at + kChunkFrame <= bytes.size();) {
    const size_t length = BigEndian32(bytes, at);
    if (length > bytes.size() - at - kChunkFrame) break;
    const std::string_view typed = bytes.substr(at + 4, 4 + length);
    const std::string_view type = typed.substr(0, 4);
    if (std::isupper(static_cast<unsigned char>(type[0]))) {
      const uint32_t checksum = static_cast<uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(typed.data()), typed.size()));
      if (checksum != BigEndian32(bytes, at + 8 + length)) throw base::FailedError("broken PNG image: wrong checksum", name);
      critical += bytes.substr(at, kChunkFrame + length);
    }
    if (type == "IEND") return critical;
    at += kChunkFrame + length;
  }
  throw base::FailedError("broken PNG image: ends early", name);
}

}  // namespace

Image DecodePng(std::string_view bytes, const std::string& name) {
  // The first chunk is IHDR, 13 bytes, which begin with width and height.
  constexpr size_t kTypeOffset = kMagicSize + 4, kWidthOffset = kMagicSize + 8, kHeightOffset = kMagicSize + 12;
  std::string critical = CriticalChunks(bytes, name);
  if (BigEndian32(critical, kMagicSize) != 13 || critical.compare(kTypeOffset, 4, "IHDR") != 0) {
    throw base::FailedError("broken PNG image: no header", name);
  }
  CheckImageSize(BigEndian32(critical, kWidthOffset), BigEndian32(critical, kHeightOffset), name);

  cv::Mat decoded;
  try {
    const cv::Mat content(1, static_cast<int>(critical.size()), CV_8U, critical.data());
    decoded = cv::imdecode(content, cv::IMREAD_ANYCOLOR | cv::IMREAD_IGNORE_ORIENTATION);  // 8-bit, grey or BGR
  } catch (const cv::Exception& e) {
    throw base::FailedError("broken PNG image: " + e.err, name);
  }
  if (decoded.empty()) throw base::FailedError("broken PNG image", name);
  if (decoded.channels() == 3) cv::cvtColor(decoded, decoded, cv::COLOR_BGR2RGB);
  Image image(decoded.rows, decoded.cols, decoded.channels());
  for (int y = 0; y < image.height; ++y) std::memcpy(image.row(y), decoded.ptr(y), image.row_bytes());
  return image;
}

}  // namespace deepmad::data
