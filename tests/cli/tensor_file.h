// Safetensors files in the hands of a test: read, changed, written again. A second reading of the format, independent of models/weights/.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace deepmad::cli {

struct StoredTensor {
  std::string dtype;  // "F32"
  std::vector<int64_t> shape;
  std::string bytes;
  bool operator==(const StoredTensor&) const = default;
};

struct TensorFile {
  std::map<std::string, StoredTensor> tensors;
  std::map<std::string, std::string> metadata;
};

TensorFile ReadTensorFile(const std::string& path);
// The checksum is there and right.
bool ChecksumHolds(const TensorFile& file);
// With the right checksum if `file.metadata` has one at all.
void WriteTensorFile(const std::string& path, TensorFile file);
// Of the float64 values of two files with tensors of the same names and sizes; a test failure where they are not.
double LargestDifference(const std::string& a, const std::string& b);

}  // namespace deepmad::cli
