// The training loop. It knows batches, losses and scores, never which task they belong to.
#pragma once

#include <c10/core/Device.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "data/loader/loader.h"
#include "train/loop/device_feed.h"
#include "train/loop/evaluator.h"
#include "train/loop/profiler_trace.h"
#include "train/loop/schedule.h"
#include "train/loop/throughput_meter.h"
#include "train/loop/update.h"
#include "train/run_folder/run_dir.h"
#include "train/state/checkpoint.h"
#include "train/state/training_state.h"

namespace deepmad::train {

struct TrainerOptions {
  int64_t epochs = 18;
  int64_t steps_per_epoch = 0;  // updates, on an endless stream of the data; 0: an epoch is a pass over them
  int64_t batch_size = 128;     // samples an update
  UpdateOptions update;
  int64_t checkpoint_every_steps = 0;  // besides the one after each epoch; 0: none
  int64_t log_every_steps = 50;
  int64_t validate_every_epochs = 1;  // and always after the last one
  int64_t precise_batch_norm = 0;     // samples from which statistics are measured anew before each validation; 0: running averages
  uint64_t seed = 0;
  std::string profile;        // file for a trace of some updates; empty: none
  std::string config_digest;  // of everything that decides the result; a checkpoint of another one is refused
};

// What the loop works on; all of it outlives the trainer.
struct TrainerParts {
  UpdateParts update;
  const Schedule& schedule;
  data::Loader& loader;  // of micro-batches
  Evaluator& evaluator;
  RunDir& run_dir;
  PrecisionOptions precision;
  at::Device device;
};

class Trainer {
 public:
  Trainer(TrainerOptions options, const TrainerParts& parts);

  // Continues from a checkpoint of the same configuration; UsageError for one of another, FailedError naming `path`, its file, where its
  // tensors or counters do not fit.
  void Resume(const Checkpoint& checkpoint, const std::string& path);

  // Takes rank 0's state, which alone need have resumed. Nothing where there is one rank.
  void Share();

  // Trains up to the last epoch, with the logs cut back to where it starts. A stop signal saves a checkpoint and ends in Error(kStopped). A
  // loss or gradient that is not finite ends in FailedError naming the files of the batch, weights or a score that are not in FailedError
  // too; the last checkpoint and weights are then left as they were. A gradient that overflows under a loss scale is no such error as long
  // as the scale can be lowered: the update is skipped and counted. On several ranks a signal to one of them stops all after the same
  // update.
  void Run();

  const RunState& state() const { return state_; }
  // Of the newest validation in this session, of the trained weights, not the averaged ones.
  const Findings& findings() const { return findings_; }
  // The same; null where this session has not validated.
  const base::Json& particulars() const { return particulars_; }

 private:
  // An update whose report has not been read yet: on a GPU, reading it at once would wait for the whole step.
  struct Pending {
    std::vector<std::string> sources;
    int64_t size = 0;
  };
  // What has been done since the last line of the log.
  struct Interval {
    double seconds = 0;       // by the clock
    double data_seconds = 0;  // waiting for batches
    int64_t samples = 0;
  };

  void TrainEpoch();
  double Step();  // seconds of waiting for data
  std::string ProgressNote() const;
  double SecondsLeft() const;  // of training; negative where it is unknown
  void ReadPendingUpdate();
  void LogSteps();
  void FinishEpoch();
  MetricValues Validate();
  MetricValues Score(const std::string& label);
  void CheckWeights() const;
  void KeepBest(const MetricValues& metrics);
  Checkpoint MakeCheckpoint() const;
  void Save();
  bool StopAgreed() const;
  [[noreturn]] void SaveAndStop();

  TrainerOptions options_;
  TrainerParts parts_;
  models::Network& network_;
  Optimizer& optimizer_;
  Ema* ema_;
  Update update_;
  BatchFeed feed_;
  int64_t updates_per_epoch_;
  RunState state_;
  std::optional<Pending> pending_;
  double lr_ = 0;             // of the newest update
  double gradient_norm_ = 0;  // of the newest update that was read; 0 where it was skipped
  double loss_scale_ = 1;     // as of the newest update that was read
  Interval interval_;
  Trace trace_;
  Pace pace_;        // of this session
  Pace epoch_pace_;  // of this session's part of the epoch
  Findings findings_;
  base::Json particulars_;
  double epoch_seconds_ = 0;
  int64_t epoch_samples_ = 0;
  bool ranks_stop_ = false;  // some rank was asked to, as of the newest update that was read
};

}  // namespace deepmad::train
