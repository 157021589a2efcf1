// CRC-32 (ISO 3309, as in PNG and zip) of data that comes in pieces.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace deepmad::base {

class Crc32 {
 public:
  void Add(const void* data, size_t size);
  void Add(std::string_view text) { Add(text.data(), text.size()); }
  std::string Hex() const;  // 8 digits
  uint32_t value() const { return value_; }

 private:
  uint32_t value_ = 0;
};

}  // namespace deepmad::base
