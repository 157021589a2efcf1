// A zip file, as torch.save writes them.
#include <cstdint>
#include <string_view>

#include "models/formats/zip_archive.h"
#include "tests/fuzz/expect.h"
#include "tests/fuzz/memory_peak.h"

namespace {

using namespace deepmad;

void Read(std::string_view bytes) {
  const std::vector<models::ZipRecord> records = models::ReadZip(bytes, "fuzz.zip");
  size_t stored = 0;
  unsigned sum = 0;
  for (const models::ZipRecord& record : records) {
    fuzz::Expect(models::FindRecord(records, record.name) == &record, "each record is found by its name");
    for (const char c : record.data) sum += static_cast<uint8_t>(c);
    stored += record.data.size();
  }
  fuzz::Expect(stored < bytes.size() && sum <= 255 * stored, "every byte belongs to one record at most");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const fuzz::MemoryPeak peak;
  fuzz::MayFail(base::ErrorKind::kFailed, [&] { Read({reinterpret_cast<const char*>(data), size}); });
  fuzz::ExpectSmall(peak, size, 8);
  return 0;
}
