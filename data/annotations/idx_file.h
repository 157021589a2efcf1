// Reads the IDX format of MNIST and Fashion-MNIST: a big-endian header, then unsigned bytes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace deepmad::data {

struct IdxArray {
  std::vector<int64_t> shape;   // [N] labels, [N, rows, columns] pictures
  std::vector<uint8_t> values;  // row-major
};

// Reads an array of unsigned bytes with `dimensions` dimensions from a plain or gzip-compressed file. Throws FailedError naming the file
// for a wrong magic number, a size over 2^31 bytes, missing or surplus content, or damaged compression. Memory use is bounded by the real
// size of the content, whatever the header says.
IdxArray ReadIdx(const std::string& path, int dimensions);

}  // namespace deepmad::data
