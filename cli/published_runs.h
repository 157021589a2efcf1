// Runs beside the numbers that were published for them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"

namespace deepmad::cli {

// A run configuration of configs/run/ with a `published` section.
struct PublishedRow {
  std::string name;                    // of the run, by which run folders are found
  std::string config;                  // its file, relative to configs/
  std::optional<double> params, macs;  // where they were published
  double top1 = 0;                     // a fraction
  std::string protocol;                // of the score; empty: that of the run
};

// One run found on disk.
struct FoundRun {
  std::string name;
  std::string folder;
  base::Json summary;  // content of summary.json; null: not finished
};

// By file name. UsageError for a section that is wrong.
std::vector<PublishedRow> PublishedRows();

// Every run folder at or below `folder`, by path.
std::vector<FoundRun> FindRuns(const std::string& folder);

}  // namespace deepmad::cli
