#include "train/report/tf_record.h"

#include <array>

namespace deepmad::train {
namespace {

constexpr size_t kLengthBytes = 8, kChecksumBytes = 4;

constexpr std::array<uint32_t, 256> MakeTable() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);  // the polynomial, bits reversed
    table[i] = crc;
  }
  return table;
}

// The format stores checksums masked: data that holds its own checksum would weaken it.
uint32_t MaskedChecksum(std::string_view data) {
  const uint32_t crc = Crc32c(data);
  return (crc >> 15 | crc << 17) + 0xa282ead8;
}

template <typename T>
void AppendLittleEndian(T value, std::string& out) {
  for (size_t i = 0; i < sizeof(T); ++i) out += static_cast<char>(value >> (8 * i) & 0xff);
}

template <typename T>
T ReadLittleEndian(std::string_view bytes) {
  T value = 0;
  for (size_t i = 0; i < sizeof(T); ++i) value |= static_cast<T>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  return value;
}

}  // namespace

uint32_t Crc32c(std::string_view data) {
  static constexpr std::array<uint32_t, 256> kTable = MakeTable();
  uint32_t crc = 0xffffffff;
  for (const char c : data) crc = crc >> 8 ^ kTable[(crc ^ static_cast<unsigned char>(c)) & 0xff];
  return ~crc;
}

std::string FrameRecord(std::string_view record) {
  std::string framed;
  AppendLittleEndian(static_cast<uint64_t>(record.size()), framed);
  AppendLittleEndian(MaskedChecksum(framed), framed);
  framed += record;
  AppendLittleEndian(MaskedChecksum(record), framed);
  return framed;
}

std::vector<std::string_view> UnframeRecords(std::string_view content) {
  std::vector<std::string_view> records;
  constexpr size_t kFrameBytes = kLengthBytes + 2 * kChecksumBytes;
  while (content.size() >= kFrameBytes) {
    const std::string_view length_bytes = content.substr(0, kLengthBytes);
    const auto length = ReadLittleEndian<uint64_t>(length_bytes);
    if (ReadLittleEndian<uint32_t>(content.substr(kLengthBytes)) != MaskedChecksum(length_bytes)) break;
    if (length > content.size() - kFrameBytes) break;
    const std::string_view record = content.substr(kLengthBytes + kChecksumBytes, length);
    if (ReadLittleEndian<uint32_t>(content.substr(kLengthBytes + kChecksumBytes + length)) != MaskedChecksum(record)) break;
    records.push_back(record);
    content.remove_prefix(kFrameBytes + length);
  }
  return records;
}

}  // namespace deepmad::train
