// Reads and writes weights in the safetensors format. Python's safetensors opens the files under the same names.
#pragma once

#include <map>
#include <string>

#include "models/formats/safetensors_file.h"
#include "models/layers/named_tensors.h"

namespace deepmad::models {

struct TensorFile {
  NamedTensors tensors;  // on the CPU, in the order of the header
  std::map<std::string, std::string> metadata;
};

// Writes in one step (base/atomic_file.h); tensors of any device, layout and supported type (float64, float32, float16, bfloat16, int64,
// int32, int16, int8, uint8, bool). The header keeps their order; the data is sorted by element size, so that every tensor is aligned.
// The metadata also gets the checksum of models/formats/safetensors_file.h. Throws FailedError for another type, a duplicate name, or a
// write error.
void WriteSafetensors(const std::string& path, const NamedTensors& tensors, const std::map<std::string, std::string>& metadata = {});

// Reads a file. Throws FailedError naming it if it is not a complete, consistent safetensors file or does not match its checksum.
TensorFile ReadSafetensors(const std::string& path);

}  // namespace deepmad::models
