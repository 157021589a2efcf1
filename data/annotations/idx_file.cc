#include "data/annotations/idx_file.h"

#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "base/error.h"

namespace deepmad::data {
namespace {

constexpr int64_t kMaxBytes = int64_t{1} << 31;

class GzipReader {
 public:
  explicit GzipReader(const std::string& path) : path_(path), file_(gzopen(path.c_str(), "rb")) {
    if (!file_) throw base::FailedError(std::string("cannot read: ") + std::strerror(errno), path);
  }
  ~GzipReader() { gzclose(file_); }
  GzipReader(const GzipReader&) = delete;
  GzipReader& operator=(const GzipReader&) = delete;

  // Up to `size` bytes; fewer only at the end of the content. A plain file is passed through.
  size_t Read(uint8_t* to, size_t size) {
    size_t done = 0;
    while (done < size) {
      const int count = gzread(file_, to + done, static_cast<unsigned>(std::min<size_t>(size - done, 1 << 20)));
      int code = Z_OK;
      const char* message = gzerror(file_, &code);
      if (count < 0 || code != Z_OK) {  // Z_BUF_ERROR: the compressed stream ends early
        throw base::FailedError(std::string("damaged file: ") + (code == Z_ERRNO ? std::strerror(errno) : message), path_);
      }
      if (count == 0) break;
      done += count;
    }
    return done;
  }

 private:
  const std::string path_;
  gzFile file_;
};

}  // namespace

IdxArray ReadIdx(const std::string& path, int dimensions) {
  GzipReader reader(path);
  uint8_t magic[4];
  constexpr uint8_t kUnsignedByte = 8;
  if (reader.Read(magic, 4) != 4 || magic[0] != 0 || magic[1] != 0 || magic[2] != kUnsignedByte || magic[3] != dimensions) {
    throw base::FailedError("not an IDX file of bytes with " + std::to_string(dimensions) + " dimensions", path);
  }
  IdxArray array;
  int64_t expected = 1;
  for (int d = 0; d < dimensions; ++d) {
    uint8_t bytes[4];
    if (reader.Read(bytes, 4) != 4) throw base::FailedError("IDX file ends within its header", path);
    const int64_t extent = int64_t{bytes[0]} << 24 | bytes[1] << 16 | bytes[2] << 8 | bytes[3];
    if (extent > kMaxBytes / std::max<int64_t>(1, expected)) throw base::FailedError("IDX file claims more than 2 GiB", path);
    expected *= extent;
    array.shape.push_back(extent);
  }
  // Grown as the content arrives, so that a false header costs no memory.
  constexpr int64_t kChunk = int64_t{1} << 20;
  while (static_cast<int64_t>(array.values.size()) < expected) {
    const size_t have = array.values.size();
    const size_t want = static_cast<size_t>(std::min(kChunk, expected - static_cast<int64_t>(have)));
    array.values.resize(have + want);
    if (reader.Read(array.values.data() + have, want) != want) {
      throw base::FailedError("IDX file ends early: the header promises " + std::to_string(expected) + " bytes", path);
    }
  }
  uint8_t surplus = 0;
  if (reader.Read(&surplus, 1) != 0) {
    throw base::FailedError("IDX file holds more than the " + std::to_string(expected) + " bytes its header promises", path);
  }
  return array;
}

}  // namespace deepmad::data
