// Reads and writes JPEG and PNG files. The format is detected by the first bytes, never by the name.
#pragma once

#include <string>
#include <string_view>

#include "data/image/image.h"

namespace deepmad::data {

// Limits of the number of pixels and of the length of a side. A larger image is treated as a damaged or hostile file.
inline constexpr int64_t kMaxPixels = int64_t{1} << 28;
inline constexpr int64_t kMaxSide = 65500;
// Throws FailedError naming `name` if the size exceeds the limits or is 0.
void CheckImageSize(int64_t width, int64_t height, const std::string& name);

// Decodes to 8-bit RGB, or to grey if the file is grey. Converts CMYK, YCCK, palettes and 16-bit samples, drops alpha and ignores EXIF
// orientation. JPEG uses the accurate integer DCT. Throws FailedError naming `name` if the image cannot be decoded completely.
Image DecodeImage(std::string_view bytes, const std::string& name);
Image ReadImage(const std::string& path);

// Faster, less exact JPEG decoding. Other formats ignore these options.
struct DecodeOptions {
  bool fast_dct = false;  // true: fast integer DCT; false: accurate integer DCT
  int reduce = 1;         // 2, 4, 8: decode at this fraction of the sides
};

// Whether the content starts as JPEG or PNG do.
bool IsImageFormat(std::string_view bytes);
// Throws FailedError naming `name` if the content is neither JPEG nor PNG.
void CheckImageFormat(std::string_view bytes, const std::string& name);
// Reads the size from the header alone. Throws FailedError naming `name` if it cannot be read.
Size DecodeImageSize(std::string_view bytes, const std::string& name);
// Decoded pixels, and the part of them that was requested.
struct DecodedPart {
  Image image;
  Region part;  // of the image

  ImageView view() const { return ImageView(image).Part(part); }
};
// Decodes the pixels of `region`, which must lie inside the image; JPEG is decoded only as far as necessary. With options.reduce, returns
// the corresponding region of the image reduced by that factor: its corner rounded down, its sides rounded to nearest, at least one pixel.
DecodedPart DecodeImageRegion(std::string_view bytes, const std::string& name, const Region& region, const DecodeOptions& options);

// Encodes an image and returns the content of the file. `quality` is 1..100.
std::string EncodePng(const Image& image);
std::string EncodeJpeg(const Image& image, int quality = 95);
// Writes a file in the format of its extension: .png, .jpg or .jpeg. Throws UsageError for any other extension.
void WriteImage(const std::string& path, const Image& image);

}  // namespace deepmad::data
