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
  // Goes on behind an existing file: cut that back first. FailedError naming the path, also from Append.
  explicit JsonLinesLog(const std::string& path) : file_(path) {}
  void Append(const base::Json& record);
  void Sync() { file_.Sync(); }

 private:
  AppendFile file_;
};

// A table of numbers.
class CsvLog {
 public:
  // Writes the names of the columns (no commas or quotes in them) into a new file. FailedError when an existing one has others.
  CsvLog(const std::string& path, const std::vector<std::string>& columns);
  // One value a column, shortest form that reads back the same; NaN (not measured) gives an empty cell.
  void Append(const std::vector<double>& row);
  void Sync() { file_.Sync(); }

 private:
  AppendFile file_;
  size_t columns_;
};

// Both rewrite the file with the records for which `keep` holds. Records end at the first unreadable line: what a killed process left torn
// is dropped silently, anything more with a warning. An absent file stays absent.
void CutJsonLines(const std::string& path, const std::function<bool(const base::Json& record)>& keep);
// `keep` gets the value of `column`. FailedError when the file has no such column.
void CutCsv(const std::string& path, const std::string& column, const std::function<bool(double value)>& keep);

// The records of log.jsonl, by the same rule.
std::vector<base::Json> ReadJsonLines(const std::string& path);

}  // namespace deepmad::train
