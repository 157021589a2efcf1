// PNG files that the project itself never writes: palettes, 16 bits, interlacing, false headers.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <string>

#include "tests/data/pictures.h"

namespace deepmad::data {

inline constexpr char kPngMagic[] = "\x89PNG\r\n\x1a\n";

inline std::string PngChunk(const std::string& type, const std::string& content) {
  const std::string typed = type + content;
  const auto checksum = static_cast<uint32_t>(crc32(0, reinterpret_cast<const Bytef*>(typed.data()), static_cast<uInt>(typed.size())));
  return BigEndian(static_cast<uint32_t>(content.size())) + typed + BigEndian(checksum);
}

inline std::string Deflated(const std::string& content) {
  std::string compressed(compressBound(content.size()), '\0');
  uLongf size = compressed.size();
  compress(reinterpret_cast<Bytef*>(compressed.data()), &size, reinterpret_cast<const Bytef*>(content.data()), content.size());
  compressed.resize(size);
  return compressed;
}

struct PngForm {
  char bits = 8;    // of a sample
  char colour = 0;  // 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGB and alpha
  bool interlaced = false;
  std::string palette = "";       // RGB triples
  std::string transparency = "";  // content of tRNS
};

inline std::string PngHeader(uint32_t width, uint32_t height, const PngForm& form = {}) {
  return kPngMagic + PngChunk("IHDR", BigEndian(width) + BigEndian(height) +
                                          std::string{form.bits, form.colour, 0, 0, static_cast<char>(form.interlaced)});
}

// `rows` holds a filter byte before each row.
inline std::string PngByHand(uint32_t width, uint32_t height, const PngForm& form, const std::string& rows) {
  std::string png = PngHeader(width, height, form);
  if (!form.palette.empty()) png += PngChunk("PLTE", form.palette);
  if (!form.transparency.empty()) png += PngChunk("tRNS", form.transparency);
  return png + PngChunk("IDAT", Deflated(rows)) + PngChunk("IEND", "");
}

}  // namespace deepmad::data
