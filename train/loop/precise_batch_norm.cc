#include "train/loop/precise_batch_norm.h"

#include <c10/core/GradMode.h>

#include <utility>
#include <vector>

#include "base/error.h"
#include "base/progress.h"
#include "base/stop_signal.h"
#include "models/network/network.h"
#include "train/distributed/collective_state.h"

namespace deepmad::train {
namespace {

// In training mode while it lives; afterwards with the momentum and the counters of before.
class Measuring {
 public:
  explicit Measuring(models::Network& network)
      : network_(network), was_training_(network.is_training()), momentum_(network.batch_norm_settings().momentum) {
    for (const auto& [name, tensor] : network.StateDict()) {
      if (name.ends_with("num_batches_tracked")) counters_.emplace_back(tensor, tensor.clone());
    }
    network.train();
  }
  ~Measuring() {
    for (const auto& [counter, before] : counters_) counter.copy_(before);
    network_.batch_norm_settings().momentum = momentum_;
    network_.train(was_training_);
  }
  Measuring(const Measuring&) = delete;
  Measuring& operator=(const Measuring&) = delete;

  // The next batch weighs as much as each one before it.
  void CountIn(int64_t batches_before) { network_.batch_norm_settings().momentum = 1.0 / static_cast<double>(batches_before + 1); }

 private:
  models::Network& network_;
  bool was_training_;
  double momentum_;
  std::vector<std::pair<at::Tensor, at::Tensor>> counters_;  // live, and as they were
};

}  // namespace

void EstimateStatistics(const UpdateParts& parts, BatchFeed& feed, const StatisticsPass& pass, const PrecisionOptions& precision,
                        at::Device device) {
  const c10::AutoGradMode no_grad(false);
  Measuring measuring(parts.network);
  base::ProgressOptions progress_options;
  progress_options.label = pass.label;
  progress_options.total = pass.batches;
  progress_options.unit = "batches";
  base::Progress progress(progress_options);
  feed.StartEpoch(pass.epoch);
  for (int64_t i = 0; i < pass.batches; ++i) {
    const bool stop = base::StopRequested();
    if (parts.ranks != nullptr ? parts.ranks->Any(stop)[0] : stop) {
      throw base::Error(base::ErrorKind::kStopped, "stopped by a signal", pass.label, "start again to go on");
    }
    data::Batch batch;
    feed.Next(&batch);
    measuring.CountIn(i);
    DrawDropPaths(parts.network, batch, {pass.seed, pass.epoch, i}, device);
    const AutocastGuard autocast(precision, device.type());
    parts.task.Loss(parts.network, batch, {pass.seed, pass.epoch, i});
    progress.Update(i + 1);
  }
  if (parts.ranks != nullptr) AverageStatistics(parts.network.MovingStatistics(), *parts.ranks);
}

}  // namespace deepmad::train
