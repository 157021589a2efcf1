// An IDX file, plain or gzip. The first byte says how many dimensions are expected.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <string>

#include "data/idx.h"
#include "tests/fuzz/expect.h"

namespace {

using namespace deepmad;

// A file in memory under a name that can be opened.
class MemoryFile {
 public:
  MemoryFile(const uint8_t* data, size_t size) : fd_(::memfd_create("fuzz", MFD_CLOEXEC)) {
    fuzz::Expect(fd_ >= 0 && ::write(fd_, data, size) == static_cast<ssize_t>(size), "a file in memory");
  }
  ~MemoryFile() { ::close(fd_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  std::string path() const { return "/proc/self/fd/" + std::to_string(fd_); }

 private:
  int fd_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const MemoryFile file(data + 1, size - 1);
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
