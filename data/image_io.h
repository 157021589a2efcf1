// JPEG and PNG files, told apart by their first bytes and never by name.
#pragma once

#include <string>
#include <string_view>

#include "data/image.h"

namespace deepmad::data {

// A picture may have at most this many pixels and this long a side; more is taken for a broken or hostile file.
inline constexpr int64_t kMaxPixels = int64_t{1} << 28;
inline constexpr int64_t kMaxSide = 65500;
// Throws FailedError naming `name` for a size beyond these limits or an empty picture.
void CheckImageSize(int64_t width, int64_t height, const std::string& name);

// 8-bit RGB, or grey where the file is grey. CMYK, YCCK, palettes and 16-bit samples are converted, alpha is dropped, EXIF orientation
// ignored. JPEG uses the accurate integer DCT. Throws FailedError naming `name` for anything that cannot be decoded in full.
Image DecodeImage(std::string_view bytes, const std::string& name);
Image ReadImage(const std::string& path);

// Faster and less exact ways to decode JPEG; other formats take no notice.
struct DecodeOptions {
  bool fast_dct = false;  // the fast integer transform in place of the accurate one
  int reduce = 1;         // 2, 4, 8: decode at this fraction of the sides
};

// Throws FailedError naming `name` for what is neither JPEG nor PNG.
void CheckImageFormat(std::string_view bytes, const std::string& name);
// From the header alone; errors as of DecodeImage.
Size DecodeImageSize(std::string_view bytes, const std::string& name);
// Some pixels of a picture, and which of them were asked for.
struct DecodedPart {
  Image image;
  Region part;  // of the image

  ImageView view() const { return ImageView(image).Part(part); }
};
// The part of DecodeImage() that lies in `region`, which is inside the picture. JPEG is decoded no further than that takes. With
// options.reduce the region of a picture that much smaller: its corner rounded down, its sides to the nearest, at least one pixel.
DecodedPart DecodeImageRegion(std::string_view bytes, const std::string& name, const Region& region, const DecodeOptions& options);

// File content. `quality` is 1..100.
std::string EncodePng(const Image& image);
std::string EncodeJpeg(const Image& image, int quality = 95);
// Format by the extension: .png, .jpg or .jpeg; another one is a UsageError.
void WriteImage(const std::string& path, const Image& image);

}  // namespace deepmad::data
