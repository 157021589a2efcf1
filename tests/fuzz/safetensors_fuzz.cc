// A whole safetensors file, with and without a checksum.
#include <cstdint>
#include <string_view>

#include "models/formats/safetensors_file.h"
#include "tests/fuzz/expect.h"
#include "tests/fuzz/memory_peak.h"
#include "tests/fuzz/stored_tensors.h"

using namespace deepmad;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const fuzz::MemoryPeak peak;
  fuzz::MayFail(base::ErrorKind::kFailed,
                [&] { fuzz::ExpectWithin(models::ReadSafetensorsBytes(bytes, "fuzz.safetensors", [](std::string_view) {}), bytes); });
  fuzz::ExpectSmall(peak, size, 64);
  return 0;
}
