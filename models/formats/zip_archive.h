// A zip file whose records are stored as they are, as torch.save writes them (PKWARE's APPNOTE 4.3, zip64 included). Nothing is copied and
// nothing unpacked: a compressed or encrypted record is refused.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace deepmad::models {

struct ZipRecord {
  std::string_view name;
  std::string_view data;
  uint32_t crc = 0;  // CRC-32 of the data; 0 where nobody computed it, as torch.save without checksums writes
};

// The records by name. FailedError with `where` for what is not a whole zip file of one part: directories and records outside the file or
// in one another, names given twice, numbers that disagree. The views point into `bytes`.
std::vector<ZipRecord> ReadZip(std::string_view bytes, const std::string& where);

// FailedError with `where` and the record's name where its data disagree with its checksum. `release` is called with each part of the data
// that was looked at. Whoever reads a record calls this first: ReadZip() looks at no data.
void CheckRecord(const ZipRecord& record, const std::string& where, const std::function<void(std::string_view)>& release);

// nullptr where there is none. `records` as ReadZip gives them.
const ZipRecord* FindRecord(const std::vector<ZipRecord>& records, std::string_view name);

}  // namespace deepmad::models
