// What the runs of a study gave: one line of JSON each, in a file that only grows, so that it can be committed piece by piece.
#pragma once

#include <map>
#include <string>

#include "base/json.h"

namespace deepmad::train {

class RunRecords {
 public:
  // Of the file `path`, which need not exist yet.
  explicit RunRecords(std::string path) : path_(std::move(path)) {}

  // By name of the run. A last line without an end was being written when its process died and does not count. FailedError naming the line
  // for one that is no record, UsageError for two records of one run.
  std::map<std::string, base::Json> Read() const;

  // Adds one, on disk when it returns; an unfinished last line is cut off first. `record` has its run's name under "run". The caller keeps
  // other processes from appending at the same time.
  void Append(const base::Json& record) const;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace deepmad::train
