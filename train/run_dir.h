// The folder of one run: configuration, logs, curves, checkpoints, weights, summary. Names as in docs/formats.md.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/folder_lock.h"
#include "base/json.h"
#include "train/checkpoint.h"
#include "train/named_tensors.h"
#include "train/report/run_log.h"
#include "train/report/tensorboard_events.h"
#include "train/run_drawings.h"
#include "train/task.h"

namespace deepmad::train {

// Means and sums since the record before.
struct StepRecord {
  int64_t step = 0, epoch = 0, samples = 0;  // epoch from 1
  double lr = 0, loss = 0, gradient_norm = 0;
  double data_seconds = 0, forward_seconds = 0, backward_seconds = 0, optimizer_seconds = 0;
  double images_per_second = 0;
  double data_share = 0;             // of the time: waiting for batches
  int64_t peak_bytes = 0;            // memory (models/device.h)
  double left_seconds = -1;          // of training; negative: unknown
  std::optional<double> loss_scale;  // float16 only
  int64_t skipped = 0;               // updates so far whose gradient overflowed under it
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

  // Of the ranks of a run one writes; for another one (`writes` false) all that would change the folder does nothing. `title` heads the
  // report; `metadata` goes into every weights file; `metrics` are the names an epoch may report, the first two are
  // drawn. Writes nothing yet.
  RunDir(const std::string& path, std::string title, std::map<std::string, std::string> metadata, std::vector<std::string> metrics,
         bool writes = true);

  // What the folder holds of the run with this digest. UsageError when it holds another run, or, with `fresh`, any.
  Found Look(const std::string& config_digest, bool fresh) const;
  // Both keep other processes out of the folder from then on (UsageError where one is at work) and remove what a killed one left half
  // written. Start creates the folder and writes the files; Continue is for a folder that holds the unfinished run.
  void Start(const RunFiles& files);
  void Continue();

  // Opens the logs, to be called once before the first record: without what was logged after update `step`, and for whole epochs after
  // update `epoch_step`, the last one of the last epoch that is done.
  void OpenLogs(int64_t step, int64_t epoch_step);
  void LogSteps(const StepRecord& record);
  // Also draws curves.png and report.html anew.
  void LogEpoch(const EpochRecord& record);

  // With the logs on disk first: after a loss of power they are no shorter than the checkpoint says.
  void SaveCheckpoint(int64_t step, const Checkpoint& checkpoint);
  // NAME.safetensors, with the names of the state dict.
  void SaveWeights(const std::string& name, const NamedTensors& tensors) const;
  // Ends the run: summary.json comes last, so that its presence means a finished run.
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
  std::vector<EpochRecord> epochs_;  // all so far, of earlier sessions too
};

}  // namespace deepmad::train
