#include "models/formats/stored_weights.h"

#include <algorithm>

#include "base/error.h"
#include "models/formats/little_endian.h"
#include "models/formats/safetensors_file.h"
#include "models/formats/torch_checkpoint.h"

namespace deepmad::models {
namespace {

// A safetensors file starts with the length of its header, which may look like the start of any other.
bool IsSafetensors(std::string_view bytes) {
  return bytes.size() > 8 && LittleEndian(bytes, 0, 8) <= std::min<uint64_t>(kMaxSafetensorsHeader, bytes.size() - 8) && bytes[8] == '{';
}

}  // namespace

StoredWeights ReadStoredWeights(std::string_view bytes, WeightSet set, const std::string& where,
                                const std::function<void(std::string_view)>& release) {
  const bool safetensors = IsSafetensors(bytes);
  if (!safetensors && bytes.starts_with("PK")) return ReadTorchZip(bytes, set, where, release);
  if (!safetensors && bytes.starts_with('\x80')) return ReadTorchLegacy(bytes, set, where);
  if (!safetensors && bytes.size() > 262 && bytes.substr(257, 5) == "ustar") {
    throw base::FailedError("a tar file, as PyTorch before 0.2 wrote them", where, "load it in Python and torch.save the state_dict");
  }
  if (set == WeightSet::kAveraged) {
    throw base::UsageError("a safetensors file holds one set of weights", where,
                           "leave out --ema, or give the file with the averaged ones");
  }
  return ReadSafetensorsBytes(bytes, where, release);
}

}  // namespace deepmad::models
