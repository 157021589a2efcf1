#include "data/image/png_decoder.h"

#include <png.h>

#include <csetjmp>
#include <cstdio>
#include <cstring>

#include "base/error.h"
#include "data/image/image_io.h"

namespace deepmad::data {
namespace {

// The first chunk is IHDR, 13 bytes, which begin with width and height.
constexpr size_t kMagicSize = 8, kTypeOffset = 12, kWidthOffset = 16, kHeightOffset = 20, kBitsOffset = 24, kColourOffset = 25,
                 kHeaderEnd = 33;
// Deflate makes at most 258 bytes of 2 bits.
constexpr size_t kMaxExpansion = 1032;

// libpng reports errors through callbacks that must not return, hence longjmp: the functions below that arm it keep no C++ object on their
// stack; all that must be destroyed lives in this struct.
struct Decoder {
  std::string_view bytes;
  size_t at = 0;
  png_structp png = nullptr;
  png_infop info = nullptr;
  std::jmp_buf failed;
  char message[80] = "out of memory";

  ~Decoder() { png_destroy_read_struct(&png, &info, nullptr); }
};

[[noreturn]] void OnError(png_structp png, png_const_charp message) {
  Decoder* decoder = static_cast<Decoder*>(png_get_error_ptr(png));
  std::snprintf(decoder->message, sizeof(decoder->message), "%s", message);
  std::longjmp(decoder->failed, 1);
}

// Warnings are about what is not needed for the pixels: colour profiles, comments, bytes behind the last row.
void OnWarning(png_structp, png_const_charp) {}

void ReadBytes(png_structp png, png_bytep to, size_t size) {
  Decoder* decoder = static_cast<Decoder*>(png_get_io_ptr(png));
  if (size > decoder->bytes.size() - decoder->at) png_error(png, "ends early");
  std::memcpy(to, decoder->bytes.data() + decoder->at, size);
  decoder->at += size;
}

// Every form becomes 8-bit grey or RGB.
void AskForColours(png_structp png) {
  png_set_strip_16(png);
  png_set_palette_to_rgb(png);
  png_set_expand_gray_1_2_4_to_8(png);
  png_set_strip_alpha(png);
}

// A byte a pixel.
void AskForValues(png_structp png) { png_set_packing(png); }

// Up to the first pixels.
bool ReadHeader(Decoder* decoder, void (*ask)(png_structp), int* passes) {
  if (setjmp(decoder->failed) != 0) return false;
  decoder->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, decoder, OnError, OnWarning);
  if (decoder->png == nullptr) return false;
  decoder->info = png_create_info_struct(decoder->png);
  if (decoder->info == nullptr) return false;
  png_set_read_fn(decoder->png, decoder, ReadBytes);
  png_set_keep_unknown_chunks(decoder->png, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);  // colour profiles, comments and the like
  png_set_crc_action(decoder->png, PNG_CRC_ERROR_QUIT, PNG_CRC_QUIET_USE);
  png_read_info(decoder->png, decoder->info);
  if (png_get_rowbytes(decoder->png, decoder->info) * png_get_image_height(decoder->png, decoder->info) >
      decoder->bytes.size() * kMaxExpansion) {
    png_error(decoder->png, "too short for its size in pixels");
  }
  ask(decoder->png);
  *passes = png_set_interlace_handling(decoder->png);
  png_read_update_info(decoder->png, decoder->info);
  return true;
}

bool ReadRows(Decoder* decoder, Image* image, int passes) {
  if (setjmp(decoder->failed) != 0) return false;
  for (int pass = 0; pass < passes; ++pass) {
    for (int y = 0; y < image->height; ++y) png_read_row(decoder->png, image->row(y), nullptr);
  }
  png_read_end(decoder->png, nullptr);
  return true;
}

uint32_t BigEndian32(std::string_view bytes, size_t offset) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<uint8_t>(bytes[offset + i]);
  return value;
}

Image Decode(std::string_view bytes, void (*ask)(png_structp), const std::string& name) {
  Decoder decoder;
  decoder.bytes = bytes;
  int passes = 0;
  const auto broken = [&] { return base::FailedError(std::string("broken PNG image: ") + decoder.message, name); };
  if (!ReadHeader(&decoder, ask, &passes)) throw broken();
  Image image(static_cast<int>(png_get_image_height(decoder.png, decoder.info)),
              static_cast<int>(png_get_image_width(decoder.png, decoder.info)), png_get_channels(decoder.png, decoder.info));
  if (!ReadRows(&decoder, &image, passes)) throw broken();
  return image;
}

}  // namespace

Size DecodePngSize(std::string_view bytes, const std::string& name) {
  if (bytes.size() < kHeaderEnd || BigEndian32(bytes, kMagicSize) != 13 || bytes.compare(kTypeOffset, 4, "IHDR") != 0) {
    throw base::FailedError("broken PNG image: no header", name);
  }
  CheckImageSize(BigEndian32(bytes, kWidthOffset), BigEndian32(bytes, kHeightOffset), name);
  return {static_cast<int>(BigEndian32(bytes, kHeightOffset)), static_cast<int>(BigEndian32(bytes, kWidthOffset))};
}

Image DecodePng(std::string_view bytes, const std::string& name) {
  DecodePngSize(bytes, name);  // before libpng allocates anything
  return Decode(bytes, AskForColours, name);
}

Image DecodePngValues(std::string_view bytes, const std::string& name) {
  DecodePngSize(bytes, name);
  const int colour = static_cast<uint8_t>(bytes[kColourOffset]);
  const char* hint = "one number of 8 bits a pixel is wanted: grey, or a palette";
  if ((colour & PNG_COLOR_MASK_COLOR) != 0 && colour != PNG_COLOR_TYPE_PALETTE) throw base::FailedError("a PNG image in RGB", name, hint);
  if ((colour & PNG_COLOR_MASK_ALPHA) != 0) throw base::FailedError("a PNG image with alpha", name, hint);
  if (bytes[kBitsOffset] == 16) throw base::FailedError("a PNG image of 16 bits a sample", name, hint);
  return Decode(bytes, AskForValues, name);
}

}  // namespace deepmad::data
