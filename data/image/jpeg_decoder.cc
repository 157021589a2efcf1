#include "data/image/jpeg_decoder.h"

// jpeglib.h needs FILE and size_t declared before it.
#include <cstdio>

#include <jerror.h>
#include <jpeglib.h>

#include <algorithm>
#include <cmath>
#include <csetjmp>
#include <vector>

#include "base/error.h"

namespace deepmad::data {
namespace {

// libjpeg reports errors through callbacks that must not return, hence longjmp: the functions below that arm it keep no C++ object on their
// stack; all that must be destroyed lives in this struct.
struct Decoder {
  jpeg_decompress_struct info{};
  jpeg_error_mgr errors{};
  jpeg_progress_mgr progress{};
  std::jmp_buf failed;
  char message[JMSG_LENGTH_MAX] = "";
  std::vector<uint8_t> cmyk_row;
  JDIMENSION first = 0, columns = 0;  // that are decoded
  bool smoothed = false;              // see MaySmooth

  ~Decoder() { jpeg_destroy_decompress(&info); }
};

[[noreturn]] void Fail(Decoder* decoder) { std::longjmp(decoder->failed, 1); }

void OnError(j_common_ptr common) {
  Decoder* decoder = static_cast<Decoder*>(common->client_data);
  common->err->format_message(common, decoder->message);
  Fail(decoder);
}

// Negative levels are warnings: libjpeg goes on with invented pixels where data is missing or corrupt. Some are about nothing that matters.
void OnMessage(j_common_ptr common, int level) {
  if (level >= 0) return;
  switch (common->err->msg_code) {
    case JWRN_EXTRANEOUS_DATA:  // stray bytes before a marker
    case JWRN_ADOBE_XFORM:      // unknown colour transform code, taken for YCbCr
    case JWRN_JFIF_MAJOR:       // unknown revision of the header
      return;
    default:
      OnError(common);
  }
}

// Each scan of a progressive file passes over all pixels; a small file of thousands of empty scans would take hours. Real ones have
// about 10.
void OnProgress(j_common_ptr common) {
  constexpr int kMaxScans = 100;
  Decoder* decoder = static_cast<Decoder*>(common->client_data);
  if (decoder->info.input_scan_number <= kMaxScans) return;
  std::snprintf(decoder->message, sizeof(decoder->message), "more than %d scans", kMaxScans);
  Fail(decoder);
}

// libjpeg's C types.
void StartReading(Decoder* decoder, const unsigned char* bytes, unsigned long size) {  // NOLINT
  decoder->info.err = jpeg_std_error(&decoder->errors);
  decoder->errors.error_exit = OnError;
  decoder->errors.emit_message = OnMessage;
  decoder->info.client_data = decoder;
  jpeg_create_decompress(&decoder->info);
  decoder->progress.progress_monitor = OnProgress;
  decoder->info.progress = &decoder->progress;
  jpeg_mem_src(&decoder->info, bytes, size);
}

bool IsCmyk(const jpeg_decompress_struct& info) { return info.jpeg_color_space == JCS_CMYK || info.jpeg_color_space == JCS_YCCK; }

bool ReadHeader(Decoder* decoder, const unsigned char* bytes, unsigned long size) {  // NOLINT
  if (setjmp(decoder->failed) != 0) return false;
  StartReading(decoder, bytes, size);
  jpeg_read_header(&decoder->info, TRUE);
  return true;
}

// Four inks to RGB. Files with Adobe's marker hold inverted inks, so that 255 is no ink.
void CmykToRgb(const uint8_t* inks, int width, bool inverted, uint8_t* rgb) {
  for (int x = 0; x < width; ++x) {
    const int white = inverted ? inks[x * 4 + 3] : 255 - inks[x * 4 + 3];
    for (int c = 0; c < 3; ++c) {
      const int ink = inverted ? 255 - inks[x * 4 + c] : inks[x * 4 + c];
      rgb[x * 3 + c] = static_cast<uint8_t>(white - (ink * white + 127) / 255);
    }
  }
}

// All rows, to the end of the file.
bool ReadRows(Decoder* decoder, Image* image) {
  if (setjmp(decoder->failed) != 0) return false;
  jpeg_decompress_struct* info = &decoder->info;
  jpeg_start_decompress(info);
  while (info->output_scanline < info->output_height) {
    unsigned char* row = image->row(static_cast<int>(info->output_scanline));
    unsigned char* target = decoder->cmyk_row.empty() ? row : decoder->cmyk_row.data();
    jpeg_read_scanlines(info, &target, 1);
    if (target != row) CmykToRgb(target, image->width, info->saw_Adobe_marker, row);
  }
  jpeg_finish_decompress(info);
  return true;
}

// Where a progressive file does not bring all bits of all coefficients, libjpeg guesses the missing ones from the blocks around, also from
// those beside a crop, which it then lacks. To be asked when decoding has started.
bool MaySmooth(const jpeg_decompress_struct& info) {
  if (info.coef_bits == nullptr) return false;
  for (int component = 0; component < info.num_components; ++component) {
    const auto& bits = info.coef_bits[component];
    if (std::any_of(bits, bits + DCTSIZE2, [](int missing) { return missing != 0; })) return true;
  }
  return false;
}

// Decodes nothing but the columns around those of `region`, from its first row on: decoder->first and decoder->columns say which.
bool StartPart(Decoder* decoder, const Region& region) {
  if (setjmp(decoder->failed) != 0) return false;
  jpeg_decompress_struct* info = &decoder->info;
  jpeg_start_decompress(info);
  decoder->smoothed = MaySmooth(*info);
  if (decoder->smoothed) return true;
  // Where chroma is interpolated, libjpeg takes the first and the last columns that it decodes for the picture's edge.
  constexpr int kMargin = 4;
  decoder->first = static_cast<JDIMENSION>(std::max(0, region.left - kMargin));
  decoder->columns = std::min(info->output_width, static_cast<JDIMENSION>(region.left + region.width + kMargin)) - decoder->first;
  if (decoder->columns < info->output_width) jpeg_crop_scanline(info, &decoder->first, &decoder->columns);
  if (region.top > 0) jpeg_skip_scanlines(info, static_cast<JDIMENSION>(region.top));
  return true;
}

// As many rows as the image has.
bool ReadPart(Decoder* decoder, Image* image) {
  if (setjmp(decoder->failed) != 0) return false;
  for (int y = 0; y < image->height; ++y) {
    unsigned char* row = image->row(y);
    jpeg_read_scanlines(&decoder->info, &row, 1);
  }
  return true;
}

base::Error Broken(const Decoder& decoder, const std::string& name) {
  return base::FailedError(std::string("broken JPEG image: ") + decoder.message, name);
}

// A bit for each block of 8x8 in each component is the least that Huffman codes take. Components may be sampled at a quarter of the pixels
// in one direction each, so that together they have at least a quarter of the blocks.
bool MayBeWhole(const jpeg_decompress_struct& info, size_t bytes) {
  constexpr size_t kMaxPixelsPerByte = size_t{8} * 64 * 4;
  return info.arith_code || static_cast<size_t>(info.image_width) * info.image_height / kMaxPixelsPerByte <= bytes;
}

// Reads the header and checks what it promises.
void Begin(Decoder* decoder, std::string_view bytes, const std::string& name) {
  if (!ReadHeader(decoder, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size())) throw Broken(*decoder, name);
  CheckImageSize(decoder->info.image_width, decoder->info.image_height, name);
  if (!MayBeWhole(decoder->info, bytes.size())) throw base::FailedError("broken JPEG image: too short for its size in pixels", name);
}

Image DecodeWhole(Decoder* decoder, const std::string& name) {
  jpeg_decompress_struct& info = decoder->info;
  const bool grey = info.jpeg_color_space == JCS_GRAYSCALE;
  info.out_color_space = grey ? JCS_GRAYSCALE : IsCmyk(info) ? JCS_CMYK : JCS_RGB;
  info.dct_method = JDCT_ISLOW;
  Image image(static_cast<int>(info.image_height), static_cast<int>(info.image_width), grey ? 1 : 3);
  if (IsCmyk(info)) decoder->cmyk_row.resize(static_cast<size_t>(info.image_width) * 4);
  if (!ReadRows(decoder, &image)) throw Broken(*decoder, name);
  return image;
}

int Reduced(int length, int by) { return std::max(1, static_cast<int>(std::lround(static_cast<double>(length) / by))); }

// The region in a picture of `width` x `height` that is `by` times smaller.
Region ReducedRegion(const Region& region, int by, int width, int height) {
  const int left = region.left / by, top = region.top / by;
  return {left, top, std::min(Reduced(region.width, by), width - left), std::min(Reduced(region.height, by), height - top)};
}

}  // namespace

Image DecodeJpeg(std::string_view bytes, const std::string& name) {
  Decoder decoder;
  Begin(&decoder, bytes, name);
  return DecodeWhole(&decoder, name);
}

Size DecodeJpegSize(std::string_view bytes, const std::string& name) {
  Decoder decoder;
  Begin(&decoder, bytes, name);
  return {static_cast<int>(decoder.info.image_height), static_cast<int>(decoder.info.image_width)};
}

DecodedPart DecodeJpegRegion(std::string_view bytes, const std::string& name, const Region& region, const DecodeOptions& options) {
  Decoder decoder;
  Begin(&decoder, bytes, name);
  jpeg_decompress_struct& info = decoder.info;
  const bool whole = region.width == static_cast<int>(info.image_width) && region.height == static_cast<int>(info.image_height);
  const bool exact = !options.fast_dct && options.reduce == 1;
  if (IsCmyk(info) || (whole && exact)) return {DecodeWhole(&decoder, name), region};
  const bool grey = info.jpeg_color_space == JCS_GRAYSCALE;
  info.out_color_space = grey ? JCS_GRAYSCALE : JCS_RGB;
  info.dct_method = options.fast_dct ? JDCT_IFAST : JDCT_ISLOW;
  info.scale_num = 1;
  info.scale_denom = static_cast<unsigned>(options.reduce);
  const auto sides = [&](JDIMENSION side) { return (static_cast<int>(side) + options.reduce - 1) / options.reduce; };
  const Region part = ReducedRegion(region, options.reduce, sides(info.image_width), sides(info.image_height));
  if (!StartPart(&decoder, part)) throw Broken(decoder, name);
  if (decoder.smoothed) return {DecodeJpeg(bytes, name), region};
  Image image(part.height, static_cast<int>(decoder.columns), grey ? 1 : 3);
  if (!ReadPart(&decoder, &image)) throw Broken(decoder, name);
  return {std::move(image), {part.left - static_cast<int>(decoder.first), 0, part.width, part.height}};
}

}  // namespace deepmad::data
