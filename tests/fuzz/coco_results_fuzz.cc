// A results file in COCO's format.
#include <cmath>
#include <cstdint>

#include "data/annotations/coco_results.h"
#include "tests/fuzz/expect.h"
#include "tests/fuzz/memory_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace deepmad;
  const fuzz::MemoryFile input(data, size);
  fuzz::MayFail(base::ErrorKind::kFailed, [&] {
    for (const data::CocoResult& result : data::ReadCocoResults(input.path())) {
      fuzz::Expect(std::isfinite(result.score), "finite scores");
      for (const double side : result.box) fuzz::Expect(std::isfinite(side), "finite boxes");
    }
  });
  return 0;
}
