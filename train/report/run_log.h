// The logs of a run that programs read: log.jsonl (one JSON document a line) and metrics.csv. Both only grow while the run goes, and are
// cut back to the state of the checkpoint when it is resumed.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/json.h"
#include "train/report/append_file.h"

namespace deepmad::train {

class JsonLinesLog {
 public:
  // Appends to an existing file, which must have been cut back by CutJsonLines() first. Throws FailedError naming the path, as does
  // Append().
  explicit JsonLinesLog(const std::string& path) : file_(path) {}
  void Append(const base::Json& record);
  void Sync() { file_.Sync(); }

 private:
  AppendFile file_;
};

// A table of numbers.
class CsvLog {
 public:
  // Writes the column names (without commas or quotes) into a new file. Throws FailedError if an existing file has other columns.
  CsvLog(const std::string& path, const std::vector<std::string>& columns);
  // Appends one value per column, in the shortest form that reads back exactly. NaN (not measured) becomes an empty cell.
  void Append(const std::vector<double>& row);
  void Sync() { file_.Sync(); }

 private:
  AppendFile file_;
  size_t columns_;
};

// Rewrites log.jsonl with the records for which `keep` returns true. Records end at the first unreadable line: a torn last line is dropped
// silently, anything more with a warning. An absent file stays absent.
void CutJsonLines(const std::string& path, const std::function<bool(const base::Json& record)>& keep);
// Rewrites metrics.csv with the rows for which `keep` returns true, given the value of `column`; otherwise like CutJsonLines(). Throws
// FailedError if the file has no such column.
void CutCsv(const std::string& path, const std::string& column, const std::function<bool(double value)>& keep);

// Reads the records of log.jsonl, up to the first unreadable line.
std::vector<base::Json> ReadJsonLines(const std::string& path);

}  // namespace deepmad::train
