#include "train/loop/evaluator.h"

#include <ATen/ops/tensor.h>
#include <c10/core/InferenceMode.h>
#include <fmt/format.h>

#include <array>

#include "base/error.h"
#include "base/progress.h"
#include "base/stop_signal.h"
#include "models/network/network.h"
#include "train/tasks/logit_metric.h"

namespace deepmad::train {
namespace {

// In a mode while it lives.
class ModeGuard {
 public:
  ModeGuard(models::Network& network, bool training) : network_(network), was_training_(network.is_training()) { network_.train(training); }
  ~ModeGuard() { network_.train(was_training_); }
  ModeGuard(const ModeGuard&) = delete;
  ModeGuard& operator=(const ModeGuard&) = delete;

 private:
  models::Network& network_;
  bool was_training_;
};

}  // namespace

Evaluator::Evaluator(const Task& task, models::Network& network, data::Loader& loader, int64_t samples, PrecisionOptions precision,
                     at::Device device, const RankGroup* ranks)
    : task_(task), network_(network), feed_(loader, device), samples_(samples), precision_(precision), device_(device), ranks_(ranks) {}

void Evaluator::Add(TaskMetric& metric, const data::Batch& batch) {
  auto* const of_logits = recorded_ && !batch_statistics_ ? dynamic_cast<LogitMetric*>(&metric) : nullptr;
  const at::Tensor logits = of_logits != nullptr ? recorded_->Run(batch.images) : at::Tensor();
  const AutocastGuard autocast(precision_, device_.type());
  if (of_logits != nullptr) {
    of_logits->AddLogits(logits, batch);
  } else {
    metric.Add(network_, batch);
  }
}

MetricValues Evaluator::Run(const std::string& label) {
  const c10::InferenceMode inference;
  const ModeGuard mode(network_, /*training=*/batch_statistics_);
  const std::unique_ptr<TaskMetric> metric = task_.NewMetric();
  base::ProgressOptions progress_options;
  progress_options.label = label;
  progress_options.total = samples_;
  base::Progress progress(progress_options);
  feed_.StartEpoch(0);
  int64_t seen = 0;
  data::Batch batch;
  for (;;) {
    const bool more = feed_.Next(&batch);
    // Ranks with nothing left go on taking part until all are done.
    const auto [any_more, any_stop] =
        ranks_ != nullptr ? ranks_->Any(more, base::StopRequested()) : std::array{more, base::StopRequested()};
    if (!any_more) break;
    if (any_stop) throw base::Error(base::ErrorKind::kStopped, "stopped by a signal", label, "start again to go on");
    if (!more) continue;
    feed_.Prefetch();  // before Add, which may wait for the device
    Add(*metric, batch);
    seen += batch.images.size(0);
    progress.Update(seen);
  }
  metric->Finish();
  if (ranks_ != nullptr) {
    const at::Tensor all_seen = at::tensor({seen}, at::kLong);
    ranks_->Sum(all_seen);
    seen = all_seen.item<int64_t>();
    metric->AddRanks(*ranks_);
  }
  if (seen != samples_) throw base::FailedError(fmt::format("scored {} samples of {}", seen, samples_), label);
  // Of a part of the set they would tell half the truth.
  if (const Findings* findings = metric->findings(); findings != nullptr && ranks_ == nullptr) findings_ = *findings;
  particulars_ = metric->Particulars();
  return metric->Values();
}

}  // namespace deepmad::train
