#include "models/formats/zip_archive.h"

#include <algorithm>
#include <cstdint>

#include "base/crc32.h"
#include "base/error.h"
#include "models/formats/little_endian.h"
#include "models/formats/stored_tensor.h"

namespace deepmad::models {
namespace {

constexpr size_t kEndSize = 22, kEnd64Size = 56, kLocatorSize = 20, kEntrySize = 46, kLocalSize = 30;
constexpr uint64_t kNarrow = 0xffffffff;  // "see the zip64 field"

class ZipReader {
 public:
  ZipReader(std::string_view bytes, const std::string& where) : bytes_(bytes), where_(where) {}

  std::vector<ZipRecord> Read() {
    const Directory directory = FindDirectory();
    std::vector<Place> places;
    std::string_view rest = bytes_.substr(directory.offset, directory.size);
    for (uint64_t i = 0; i < directory.entries; ++i) places.push_back(ReadEntry(rest, directory.offset));
    if (!rest.empty()) Fail("its directory is longer than its records");
    return CheckApart(std::move(places));
  }

 private:
  struct Directory {
    uint64_t entries = 0, size = 0, offset = 0;
  };
  struct Place {
    ZipRecord record;
    uint64_t begin = 0, end = 0;  // in the file, with the local header
  };

  [[noreturn]] void Fail(const std::string& what) const {
    throw base::FailedError("bad zip file: " + what, where_, "copy it again, or save it anew");
  }

  uint64_t Number(uint64_t at, size_t count) const { return LittleEndian(bytes_, at, count); }
  bool Signed(uint64_t at, uint64_t size, std::string_view signature) const {
    return size <= bytes_.size() && at <= bytes_.size() - size && bytes_.substr(at, 4) == signature;
  }

  // The end record stands last, behind it a comment of a length that it gives.
  uint64_t FindEnd() const {
    if (bytes_.size() < kEndSize) Fail("too short");
    const uint64_t last = bytes_.size() - kEndSize, first = last - std::min<uint64_t>(last, 0xffff);
    for (uint64_t at = last + 1; at-- > first;) {
      if (Signed(at, kEndSize, "PK\5\6") && Number(at + 20, 2) == last - at) return at;
    }
    Fail("no end record; the file is cut off");
  }

  Directory FindDirectory() const {
    const uint64_t end = FindEnd();
    Directory directory{Number(end + 10, 2), Number(end + 12, 4), Number(end + 16, 4)};
    uint64_t limit = end;
    uint64_t disks = Number(end + 4, 2) | Number(end + 6, 2);
    if (end >= kLocatorSize && Signed(end - kLocatorSize, kLocatorSize, "PK\6\7")) {
      limit = Number(end - kLocatorSize + 8, 8);
      if (!Signed(limit, kEnd64Size, "PK\6\6") || limit > end - kLocatorSize) Fail("no zip64 end record where one should be");
      directory = {Number(limit + 32, 8), Number(limit + 40, 8), Number(limit + 48, 8)};
      disks = Number(limit + 16, 4) | Number(limit + 20, 4);
    }
    if (disks != 0) Fail("one part of several");
    if (directory.offset > limit || directory.size > limit - directory.offset) Fail("its directory lies outside the file");
    if (directory.entries > directory.size / kEntrySize) Fail("more records than its directory can hold");
    return directory;
  }

  Place ReadEntry(std::string_view& rest, uint64_t limit) const {
    if (rest.size() < kEntrySize || rest.substr(0, 4) != "PK\1\2") Fail("no directory entry where one should be");
    const auto number = [&](size_t at, size_t count) { return LittleEndian(rest, at, count); };
    const uint64_t name_size = number(28, 2), extra_size = number(30, 2), comment_size = number(32, 2);
    if (rest.size() - kEntrySize < name_size + extra_size + comment_size) Fail("a directory entry is cut off");
    const std::string_view name = rest.substr(kEntrySize, name_size);
    const std::string shown = "record '" + Shown(name) + "' ";
    const auto crc = static_cast<uint32_t>(number(16, 4));
    uint64_t packed = number(20, 4), size = number(24, 4), begin = number(42, 4);
    ReadZip64(rest.substr(kEntrySize + name_size, extra_size), {&size, &packed, &begin}, shown);
    if (number(8, 2) & 1) Fail(shown + "is encrypted");
    if (number(10, 2) != 0) Fail(shown + "is compressed, which torch.save never does");
    if (packed != size || number(34, 2) != 0) Fail(shown + "is not stored in one piece");
    rest.remove_prefix(kEntrySize + name_size + extra_size + comment_size);

    if (begin > limit || limit - begin < kLocalSize || !Signed(begin, kLocalSize, "PK\3\4")) Fail(shown + "has no header");
    const uint64_t header = kLocalSize + Number(begin + 26, 2) + Number(begin + 28, 2);
    if (limit - begin < header || size > limit - begin - header) Fail(shown + "reaches beyond the records");
    if (bytes_.substr(begin + kLocalSize, Number(begin + 26, 2)) != name) Fail(shown + "has another name in its header");
    return {{name, bytes_.substr(begin + header, size), crc}, begin, begin + header + size};
  }

  // Extra field 1 gives, in this order, those of the numbers that do not fit 32 bits.
  void ReadZip64(std::string_view extra, std::initializer_list<uint64_t*> numbers, const std::string& shown) const {
    std::string_view wide;
    while (extra.size() >= 4) {
      const uint64_t size = LittleEndian(extra, 2, 2);
      if (size > extra.size() - 4) Fail(shown + "has a bad extra field");
      if (LittleEndian(extra, 0, 2) == 1) wide = extra.substr(4, size);
      extra.remove_prefix(4 + size);
    }
    for (uint64_t* number : numbers) {
      if (*number != kNarrow) continue;
      if (wide.size() < 8) Fail(shown + "lacks its zip64 field");
      *number = LittleEndian(wide, 0, 8);
      wide.remove_prefix(8);
    }
  }

  // Records within one another would let a small file stand for any amount of data.
  std::vector<ZipRecord> CheckApart(std::vector<Place> places) const {
    std::sort(places.begin(), places.end(), [](const Place& a, const Place& b) { return a.begin < b.begin; });
    std::vector<ZipRecord> records;
    records.reserve(places.size());
    uint64_t reached = 0;
    for (const Place& place : places) {
      if (place.begin < reached) Fail("record '" + Shown(place.record.name) + "' lies within another");
      reached = place.end;
      records.push_back(place.record);
    }
    std::sort(records.begin(), records.end(), [](const ZipRecord& a, const ZipRecord& b) { return a.name < b.name; });
    for (size_t i = 1; i < records.size(); ++i) {
      if (records[i].name == records[i - 1].name) Fail("two records '" + Shown(records[i].name) + "'");
    }
    return records;
  }

  std::string_view bytes_;
  const std::string& where_;
};

}  // namespace

std::vector<ZipRecord> ReadZip(std::string_view bytes, const std::string& where) { return ZipReader(bytes, where).Read(); }

void CheckRecord(const ZipRecord& record, const std::string& where, const std::function<void(std::string_view)>& release) {
  constexpr size_t kPart = 1 << 22;
  if (record.crc == 0) return;
  base::Crc32 crc;
  for (size_t at = 0; at < record.data.size(); at += kPart) {
    crc.Add(record.data.substr(at, kPart));
    release(record.data.substr(at, kPart));
  }
  if (crc.value() == record.crc) return;
  throw base::FailedError("the file is damaged, the checksum of its record '" + Shown(record.name) + "' disagrees", where,
                          "copy it again, or save it anew");
}

const ZipRecord* FindRecord(const std::vector<ZipRecord>& records, std::string_view name) {
  const auto it = std::lower_bound(records.begin(), records.end(), name,
                                   [](const ZipRecord& record, std::string_view key) { return record.name < key; });
  return it != records.end() && it->name == name ? &*it : nullptr;
}

}  // namespace deepmad::models
