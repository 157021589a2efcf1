// Numbers in files, least significant byte first, wherever they lie.
#pragma once

#include <cstdint>
#include <string_view>

namespace deepmad::models {

// `count` bytes (at most 8) from `at` on, which must lie within `bytes`.
inline uint64_t LittleEndian(std::string_view bytes, size_t at, size_t count) {
  uint64_t value = 0;
  for (size_t i = count; i-- > 0;) value = value << 8 | static_cast<uint8_t>(bytes[at + i]);
  return value;
}

}  // namespace deepmad::models
