// A zip file whose records are stored as they are, as torch.save writes them (PKWARE's APPNOTE 4.3, zip64 included). Nothing is copied and
// nothing unpacked: a compressed or encrypted record is refused. Checksums are not looked at, like in torch.load, which has a switch to
// save without them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace deepmad::models {

struct ZipRecord {
  std::string_view name;
  std::string_view data;
};

// The records by name. FailedError with `where` for what is not a whole zip file of one part: directories and records outside the file or
// in one another, names given twice, numbers that disagree. The views point into `bytes`.
std::vector<ZipRecord> ReadZip(std::string_view bytes, const std::string& where);

// nullptr where there is none. `records` as ReadZip gives them.
const ZipRecord* FindRecord(const std::vector<ZipRecord>& records, std::string_view name);

}  // namespace deepmad::models
