// A whole safetensors file in memory, and the checksum that this program adds to its own.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/crc32.h"
#include "models/formats/safetensors_header.h"
#include "models/formats/stored_tensor.h"

namespace deepmad::models {

constexpr const char* kChecksumKey = "deepmad_crc32";

// 8 hex digits: CRC-32 of each metadata key and value (without kChecksumKey) by key and of each tensor's name, dtype, shape ("[2, 3]") and
// values by name, every text followed by a newline. `add_values` adds the values of entry i of the header.
std::string SafetensorsChecksum(const SafetensorsHeader& header, const std::function<void(size_t i, base::Crc32& crc)>& add_values);

// The JSON behind the length at the start of the file. FailedError with `where` for a length that does not fit.
std::string_view SafetensorsHeaderText(std::string_view bytes, const std::string& where);

// Everything in the file; the views point into `bytes`. FailedError as ParseSafetensorsHeader, and for a checksum that disagrees. `release`
// is called with each part of `bytes` that the checksum has looked at.
StoredWeights ReadSafetensorsBytes(std::string_view bytes, const std::string& where, const std::function<void(std::string_view)>& release);

}  // namespace deepmad::models
