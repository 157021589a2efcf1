#include "data/image/exif.h"

#include <cstdint>

namespace deepmad::data {
namespace {

using namespace std::string_view_literals;

// The number that `size` bytes from `at` make, 0 where they are not there.
uint64_t Number(std::string_view bytes, size_t at, size_t size, bool big_endian) {
  if (at > bytes.size() || size > bytes.size() - at) return 0;
  uint64_t number = 0;
  for (size_t i = 0; i < size; ++i) number = number << 8 | static_cast<uint8_t>(bytes[at + (big_endian ? i : size - 1 - i)]);
  return number;
}

// Of a TIFF header and the directory that it points to.
int OrientationIn(std::string_view tiff) {
  constexpr uint64_t kOrientation = 0x0112, kShort = 3;
  constexpr size_t kEntryBytes = 12;
  const bool big_endian = tiff.starts_with("MM\0*"sv);
  if (!big_endian && !tiff.starts_with("II*\0"sv)) return 1;
  const size_t directory = Number(tiff, 4, 4, big_endian), count = Number(tiff, directory, 2, big_endian);
  for (size_t i = 0; i < count; ++i) {
    const size_t entry = directory + 2 + i * kEntryBytes;
    if (Number(tiff, entry, 2, big_endian) != kOrientation) continue;
    const uint64_t value = Number(tiff, entry + 8, 2, big_endian);
    return Number(tiff, entry + 2, 2, big_endian) == kShort && value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

// The segments before the pixels: FF, a type, two bytes of length that count themselves.
int OrientationOfJpeg(std::string_view bytes) {
  constexpr uint8_t kApp1 = 0xE1, kStartOfScan = 0xDA;
  constexpr std::string_view kExif = "Exif\0\0"sv;
  for (size_t at = 2; at + 4 <= bytes.size() && bytes[at] == '\xFF';) {
    const auto type = static_cast<uint8_t>(bytes[at + 1]);
    if (type == 0xFF) {  // filling
      ++at;
      continue;
    }
    const size_t length = Number(bytes, at + 2, 2, true);
    if (type == kStartOfScan || length < 2) break;
    const std::string_view content = bytes.substr(at + 4, length - 2);
    if (type == kApp1 && content.starts_with(kExif)) return OrientationIn(content.substr(kExif.size()));
    at += 2 + length;
  }
  return 1;
}

// The chunks before the pixels: a length, a type of four letters, the content, four bytes of checksum.
int OrientationOfPng(std::string_view bytes) {
  for (size_t at = 8; at + 12 <= bytes.size();) {
    const size_t length = Number(bytes, at, 4, true);
    const std::string_view type = bytes.substr(at + 4, 4);
    if (type == "eXIf") return OrientationIn(bytes.substr(at + 8, length));
    if (type == "IDAT") break;
    at += 12 + length;
  }
  return 1;
}

}  // namespace

int ExifOrientation(std::string_view bytes) { return bytes.starts_with("\x89PNG") ? OrientationOfPng(bytes) : OrientationOfJpeg(bytes); }

Size UprightSize(Size stored, int orientation) { return orientation >= 5 ? Size{stored.width, stored.height} : stored; }

Image Upright(const Image& stored, int orientation) {
  if (orientation == 1) return stored;
  const Size size = UprightSize({stored.height, stored.width}, orientation);
  Image upright(size.height, size.width, stored.channels);
  const bool swaps = orientation >= 5;
  // Whether the stored rows and columns are read from their end.
  const bool rows_back = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  const bool columns_back = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  for (int y = 0; y < size.height; ++y) {
    uint8_t* out = upright.row(y);
    for (int x = 0; x < size.width; ++x) {
      const int row = swaps ? x : y, column = swaps ? y : x;
      const uint8_t* pixel = stored.row(rows_back ? stored.height - 1 - row : row) +
                             static_cast<size_t>(columns_back ? stored.width - 1 - column : column) * stored.channels;
      for (int c = 0; c < stored.channels; ++c) *out++ = pixel[c];
    }
  }
  return upright;
}

}  // namespace deepmad::data
