// Weights on disk in the safetensors format, which Python's safetensors opens by the same names.
#pragma once

#include <map>
#include <string>

#include "models/named_tensors.h"

namespace deepmad::models {

constexpr const char* kChecksumKey = "deepmad_crc32";

struct TensorFile {
  NamedTensors tensors;  // on the CPU, in the order of the header
  std::map<std::string, std::string> metadata;
};

// Writes in one step (base/atomic_file.h); tensors of any device, layout and supported type (float64, float32, float16, bfloat16, int64,
// int32, int16, int8, uint8, bool). The header keeps their order; the data is sorted by element size, so that every tensor is aligned.
// The metadata also gets "deepmad_crc32": CRC-32, 8 hex digits, of each metadata key and value (without this one) by key and of each
// tensor's name, dtype, shape ("[2, 3]") and values by name, every text followed by a newline. FailedError for another type, a name given
// twice, or what the disk says.
void WriteSafetensors(const std::string& path, const NamedTensors& tensors, const std::map<std::string, std::string>& metadata = {});

// FailedError naming the file for everything that is not a whole, consistent safetensors file, and where there is a "deepmad_crc32" that
// disagrees: the file is damaged.
TensorFile ReadSafetensors(const std::string& path);

}  // namespace deepmad::models
