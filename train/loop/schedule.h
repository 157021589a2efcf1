// Learning rate as a pure function of the samples seen: nothing to save, nothing to restore.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/config/config.h"

namespace deepmad::train {

struct ScheduleOptions {
  std::string name = "cosine";     // cosine, half_cosine, constant, multi_step, poly
  double warmup_epochs = 0;        // linear from 0, before the rest
  int64_t warmup_steps = 0;        // of updates: a factor on the schedule, which goes on meanwhile
  double warmup_factor = 0;        // that factor at the first update
  bool warmup_constant = false;    // it stays there; else it rises linearly, to 1 after warmup_steps
  double final_lr = 0;             // cosine and poly end here
  std::vector<double> milestones;  // multi_step, epochs
  double gamma = 0.1;              // multi_step: factor at each milestone
  double power = 0.9;              // poly
  double warmup_start = 0.1;       // half_cosine: where its warm-up begins, a share of lr
};

// Reads a `schedule` section. UsageError for an unknown name or a value out of range.
ScheduleOptions ReadSchedule(const base::Config& config);

// The learning rate before an update, with n samples consumed so far, W = warmup_epochs * N and S = epochs * N:
//   n < W: lr * (n + 1) / W;  otherwise
//   cosine: final + (lr - final) * (1 + cos(pi r)) / 2, r = (n - W + 1) / (S - W)
//   poly: final + (lr - final) * (1 - r)^power, r = (n - W) / (S - W)
//   multi_step: lr times gamma for each milestone reached
// A warm-up of V = warmup_steps multiplies the schedule by f + (1 - f) * t / V at update t < V, with f = warmup_factor; a constant warm-up
// multiplies it by f. half_cosine counts epochs e = n / N from the start of the run, c(e) = lr * (1 + cos(pi e / epochs)) / 2; its warm-up
// is the straight line from warmup_start * lr at 0 to c(warmup_epochs) (docs/protocols/video.md, section 5).
class Schedule {
 public:
  // `samples_per_epoch` counts what an epoch really consumes: a dropped last batch does not count, so that the end is reached. Updates
  // consume `batch_size` each.
  // UsageError when the warm-up is not shorter than the run.
  Schedule(ScheduleOptions options, double lr, int64_t samples_per_epoch, int64_t epochs, int64_t batch_size = 1);

  double Lr(int64_t samples_seen) const;

 private:
  double Unfactored(double samples_seen) const;

  ScheduleOptions options_;
  double lr_;
  double samples_per_epoch_;
  double warmup_samples_;
  double total_samples_;
  double batch_size_;
};

}  // namespace deepmad::train
