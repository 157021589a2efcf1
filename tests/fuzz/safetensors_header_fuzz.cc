// The header of a safetensors file. The first two bytes are the size of its data section.
#include <cstdint>
#include <string>
#include <string_view>

#include "models/formats/safetensors_header.h"
#include "tests/fuzz/expect.h"

namespace {

using namespace deepmad;

void Read(std::string_view json, uint64_t data_size) {
  const models::SafetensorsHeader header = models::ParseSafetensorsHeader(json, data_size, "fuzz.safetensors");
  uint64_t bytes = 0;
  for (const models::SafetensorsEntry& entry : header.entries) {
    fuzz::Expect(entry.begin <= entry.end && entry.end <= data_size, "a tensor within the data");
    bytes += entry.end - entry.begin;
  }
  fuzz::Expect(bytes == data_size, "every byte belongs to one tensor");
  const std::string written = models::MakeSafetensorsHeader(header);
  const models::SafetensorsHeader again = models::ParseSafetensorsHeader(std::string_view(written).substr(8), data_size, "written");
  fuzz::Expect(again.metadata == header.metadata && again.entries.size() == header.entries.size(),
               "what is written reads back as the same");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const uint64_t data_size = data[0] | static_cast<uint64_t>(data[1]) << 8;
  const std::string_view json(reinterpret_cast<const char*>(data + 2), size - 2);
  fuzz::MayFail(base::ErrorKind::kFailed, [&] { Read(json, data_size); });
  return 0;
}
