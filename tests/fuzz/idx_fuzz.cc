// An IDX file, plain or gzip. The first byte says how many dimensions are expected.
#include <cstdint>

#include "data/annotations/idx_file.h"
#include "tests/fuzz/expect.h"
#include "tests/fuzz/memory_file.h"

using namespace deepmad;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const fuzz::MemoryFile file(data + 1, size - 1);
  fuzz::MayFail(base::ErrorKind::kFailed, [&] {
    const int dimensions = 1 + data[0] % 3;
    const data::IdxArray array = data::ReadIdx(file.path(), dimensions);
    int64_t values = 1;
    for (const int64_t extent : array.shape) values *= extent;
    fuzz::Expect(array.shape.size() == static_cast<size_t>(dimensions), "as many dimensions as were asked for");
    fuzz::Expect(static_cast<int64_t>(array.values.size()) == values, "as many values as the shape says");
  });
  return 0;
}
