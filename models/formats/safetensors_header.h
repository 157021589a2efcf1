// The header of a safetensors file: 8 bytes little-endian header length, JSON, then the data (https://huggingface.co/docs/safetensors).
// Free of torch, and safe on hostile bytes.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace deepmad::models {

struct SafetensorsEntry {
  std::string name;
  std::string dtype;  // "F32"
  std::vector<int64_t> shape;
  uint64_t begin = 0;  // bytes of the data section; end - begin = elements times bytes of an element
  uint64_t end = 0;
};

struct SafetensorsHeader {
  std::vector<SafetensorsEntry> entries;        // as they stand in the header
  std::map<std::string, std::string> metadata;  // "__metadata__"
};

constexpr uint64_t kMaxSafetensorsHeader = 100'000'000;  // bytes, the limit of the format

// Bytes of one element of a supported type (F64 F32 F16 BF16 I64 I32 I16 I8 U8 BOOL), 0 for another.
int SafetensorsElementSize(std::string_view dtype);

// `json` is the header without its length, `data_size` the number of bytes behind it. FailedError with `where` and, where one is to blame,
// the tensor for: text that is not JSON of this form, unknown dtypes, double names, shapes and offsets that disagree, overlaps, gaps, and
// data that the file lacks or nobody claims.
SafetensorsHeader ParseSafetensorsHeader(std::string_view json, uint64_t data_size, const std::string& where);

// The length and the JSON, padded with spaces so that the data starts at a multiple of 8.
std::string MakeSafetensorsHeader(const SafetensorsHeader& header);

}  // namespace deepmad::models
