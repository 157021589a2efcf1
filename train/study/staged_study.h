// Works through the runs of a study in stages. Several processes may do so at the same time, on one machine or a shared file system that
// knows locks: each takes a run that no other has.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/folder_lock.h"
#include "base/json.h"
#include "train/study/stage_runs.h"
#include "train/study/study_structures.h"

namespace deepmad::train {

// Where a study or a tuning lies.
struct StudyFolder {
  std::string out;
  std::string runs = "runs";  // of the folder of runs, and of the file of records
  bool keep_runs = false;     // whether a run's folder stays when its record is written

  std::string records() const { return out + "/" + runs + ".jsonl"; }
  std::string run(const StudyRun& one) const { return out + "/" + runs + "/" + one.name; }
  std::string claims() const { return out + "/claims"; }  // a folder a run while it is at work, held by a lock
};

// Trains one run in the folder and says what came out: the part of its record that training decides. Throws Error(kStopped) after a signal;
// the folder then holds what the run goes on from.
using ExecuteRun = std::function<base::Json(const StudyRun& run, const StudyStructure& structure, const std::string& folder)>;

struct StudyProgress {
  int64_t done = 0, known = 0;  // runs with a record, of those that are known by now
  int64_t elsewhere = 0;        // runs that other processes are at work on
  bool complete = false;        // every run of the study has its record
};

// Takes a folder for this process: null if another process holds it. Makes the folder if there is none.
std::unique_ptr<base::FolderLock> TryClaim(const std::string& folder);

// The runs that are known by the records so far, in the order in which they should be done.
using KnownRuns = std::function<StageRuns(const std::map<std::string, base::Json>& records)>;

// Works until no run is left that could be begun. Throws UsageError if a record is of another structure than the study has now,
// Error(kStopped) between runs after a signal.
StudyProgress WorkThrough(const KnownRuns& known, const std::vector<StudyStructure>& structures, const StudyFolder& folder,
                          const ExecuteRun& execute);

}  // namespace deepmad::train
