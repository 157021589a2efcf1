// The shard files of `deepmad pack`. docs/formats.md describes them byte by byte; numbers are little-endian.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "data/image/image.h"

namespace deepmad::data {

inline constexpr int kPackVersion = 1;
inline constexpr const char* kPackManifest = "pack.json";

// One sample of a shard.
struct PackedSample {
  std::string_view content;  // a JPEG or PNG file, or pixels
  std::string_view name;     // of the original file, unique in the set
  uint32_t checksum = 0;     // CRC-32 of the content
  int64_t label = 0;
  Size size;
  int channels = 0;  // of pixels; 0: the content is a file
};

// Bytes of a shard in memory, which must outlive this. Reading the index costs nothing until a sample is asked for.
class PackShard {
 public:
  // Checks magic numbers, version, bounds of every sample and the index's checksum; contents are not looked at. FailedError naming `name`.
  PackShard(std::string_view bytes, std::string name);

  int64_t size() const { return count_; }
  uint32_t index_checksum() const { return index_checksum_; }
  // 0..size()-1.
  PackedSample sample(int64_t index) const;

 private:
  std::string_view bytes_;
  std::string name_;
  std::string_view records_;
  std::string_view names_;
  int64_t count_ = 0;
  uint32_t index_checksum_ = 0;
};

// Builds a shard from front to back.
class PackShardWriter {
 public:
  // The bytes to write next, in this order: one Begin, then Content and padding per sample, then End.
  std::string Begin();
  // Takes note of a sample; gives the zeros to write behind its content.
  std::string Add(const PackedSample& sample);
  std::string End() const;

 private:
  uint64_t written_ = 0;
  std::string records_;
  std::string names_;
  uint32_t count_ = 0;
};

uint32_t PackChecksum(std::string_view bytes);

}  // namespace deepmad::data
