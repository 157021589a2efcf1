// A whole file of weights of any form.
#include <cstdint>
#include <string_view>

#include "models/formats/stored_weights.h"
#include "tests/fuzz/expect.h"
#include "tests/fuzz/memory_peak.h"
#include "tests/fuzz/stored_tensors.h"

using namespace deepmad;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto read = [&](models::WeightSet set) {
    fuzz::ExpectWithin(models::ReadStoredWeights(bytes, set, "fuzz.pth", [](std::string_view) {}), bytes);
  };
  const fuzz::MemoryPeak peak;
  fuzz::MayFail(base::ErrorKind::kFailed, [&] { read(models::WeightSet::kTrained); });
  fuzz::MayFail(base::ErrorKind::kFailed, [&] {
    try {
      read(models::WeightSet::kAveraged);
    } catch (const base::Error& error) {
      if (error.kind() != base::ErrorKind::kUsage) throw;  // there are none
    }
  });
  fuzz::ExpectSmall(peak, size, 64);
  return 0;
}
