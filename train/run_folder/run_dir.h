// The folder of one run: configuration, logs, curves, checkpoints, weights, summary. docs/formats.md lists the files.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/folder_lock.h"
#include "base/json.h"
#include "models/layers/named_tensors.h"
#include "train/report/run_log.h"
#include "train/report/tensorboard_events.h"
#include "train/run_folder/run_report.h"
#include "train/state/checkpoint.h"
#include "train/tasks/task.h"

namespace deepmad::train {

// One line of the step log: means and sums since the previous record.
struct StepRecord {
  int64_t step = 0, epoch = 0, samples = 0;  // epoch from 1
  double lr = 0, loss = 0, gradient_norm = 0;
  double data_seconds = 0;  // waiting for batches
  // Time of the host in each phase. A GPU works behind the host, so there it is the time in which the phase was queued.
  double forward_seconds = 0, backward_seconds = 0, optimizer_seconds = 0;
  double images_per_second = 0;      // by the clock
  double data_share = 0;             // share of the time, by the clock, spent waiting for batches
  int64_t peak_bytes = 0;            // memory (models/device/device.h)
  double left_seconds = -1;          // estimated remaining training time; negative: unknown
  std::optional<double> loss_scale;  // float16 only
  int64_t skipped = 0;               // updates skipped so far because a gradient overflowed
};

// The files a run starts from.
struct RunFiles {
  std::string config_yaml;  // resolved
  std::string network_yaml;
  std::string design_report;  // report.json; empty: none
  std::string structure_svg;  // structure.svg; empty: none
};

class RunDir {
 public:
  enum class Found { kNothing, kUnfinished, kFinished };

  // Does not touch the disk. Only one rank of a run writes: if `writes` is false, every method that would change the folder does nothing.
  // `title` is the title of the report; `metadata` goes into every weights file; `metrics` names what an epoch may report, and the first
  // two are drawn.
  RunDir(const std::string& path, std::string title, std::map<std::string, std::string> metadata, std::vector<std::string> metrics,
         bool writes = true);

  // Returns whether the folder holds a run of this network whose configuration GiveSameResult. Throws UsageError if it holds another run
  // or, with `fresh`, any run.
  Found Look(const RunFiles& files, bool fresh) const;
  // The ResultDigest of the run that the folder holds, under which its checkpoints are written. REQUIRES a run.
  std::string HeldDigest() const;
  // Creates the folder, locks it against other processes and writes `files`. Throws UsageError if another process holds the lock.
  void Start(const RunFiles& files);
  // Locks a folder that holds an unfinished run and removes files that a killed process left partly written. Throws UsageError if another
  // process holds the lock.
  void Continue();

  // Opens the logs; call once before the first record. Drops step records after update `step` and epoch records after update `epoch_step`,
  // the end of the last completed epoch.
  void OpenLogs(int64_t step, int64_t epoch_step);
  void LogSteps(const StepRecord& record);
  // Logs an epoch and redraws curves.png and report.html.
  void LogEpoch(const EpochRecord& record);

  // Saves a checkpoint after flushing the logs to disk, so that after a loss of power the logs reach at least as far as the checkpoint.
  void SaveCheckpoint(int64_t step, const Checkpoint& checkpoint);
  // Writes NAME.safetensors; tensors keep the names of the state dict.
  void SaveWeights(const std::string& name, const models::NamedTensors& tensors) const;
  // Ends the run. Writes summary.json last, so its presence means that the run is finished.
  void Finish(const base::Json& summary, const FindingsPage& findings);
  base::Json ReadSummary() const;

  const CheckpointFolder& checkpoints() const { return checkpoints_; }
  const std::string& path() const { return path_; }
  std::string File(const std::string& name) const;

 private:
  struct Logs {
    JsonLinesLog lines;
    CsvLog csv;
    TensorboardEvents events;
  };

  void Claim();
  void Draw(const base::Json& summary, const FindingsPage& findings) const;

  std::string path_;
  std::string title_;
  std::map<std::string, std::string> metadata_;
  std::vector<std::string> metrics_;
  bool writes_;
  CheckpointFolder checkpoints_;
  std::unique_ptr<base::FolderLock> lock_;
  std::unique_ptr<Logs> logs_;
  std::vector<EpochRecord> epochs_;  // all epochs so far, including earlier sessions
};

}  // namespace deepmad::train
