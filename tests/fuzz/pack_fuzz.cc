// A shard of a packed data set. The footer's checksum is made right for the rest, so that mutations reach what is behind it.
#include <cstdint>
#include <cstring>
#include <string>

#include "data/pack/format.h"
#include "tests/fuzz/expect.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace deepmad;
  constexpr size_t kFooter = 32, kChecksum = 20;  // bytes, and where in them the checksum lies
  std::string bytes(reinterpret_cast<const char*>(data), size);
  if (size >= kFooter) {
    uint64_t index_offset = 0;
    std::memcpy(&index_offset, bytes.data() + size - kFooter, sizeof(index_offset));
    if (index_offset <= size - kFooter) {
      const uint32_t checksum = data::PackChecksum(std::string_view(bytes).substr(index_offset, size - kFooter - index_offset));
      std::memcpy(bytes.data() + size - kFooter + kChecksum, &checksum, sizeof(checksum));
    }
  }
  fuzz::MayFail(base::ErrorKind::kFailed, [&] {
    const data::PackShard shard(bytes, "fuzz.pack");
    for (int64_t i = 0; i < shard.size(); ++i) {
      const data::PackedSample sample = shard.sample(i);
      data::PackChecksum(sample.content);  // reads every byte
      fuzz::Expect(!sample.name.empty(), "a name");
      const bool pixels = sample.channels > 0;
      const auto expected =
          static_cast<uint64_t>(sample.size.height) * static_cast<uint64_t>(sample.size.width) * static_cast<uint64_t>(sample.channels);
      fuzz::Expect(!pixels || expected == sample.content.size(), "pixels of the size that is promised");
    }
  });
  return 0;
}
