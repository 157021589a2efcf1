// TFRecord framing: each record is its length (uint64), a checksum of the length, the bytes, a checksum of the bytes; little endian.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace deepmad::train {

// CRC-32C (Castagnoli), as in RFC 3720.
uint32_t Crc32c(std::string_view data);

// One record with its frame.
std::string FrameRecord(std::string_view record);

// The records of a file's content, up to the first one that is torn or whose checksum is wrong.
std::vector<std::string_view> UnframeRecords(std::string_view content);

}  // namespace deepmad::train
