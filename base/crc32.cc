#include "base/crc32.h"

#include <fmt/format.h>
#include <zlib.h>

namespace deepmad::base {

void Crc32::Add(const void* data, size_t size) {
  if (size == 0) return;  // zlib takes a null pointer for a question
  value_ = static_cast<uint32_t>(crc32_z(value_, static_cast<const Bytef*>(data), size));
}

std::string Crc32::Hex() const { return fmt::format("{:08x}", value_); }

}  // namespace deepmad::base
