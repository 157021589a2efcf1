#include "train/loop/trainer.h"

#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/stack.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/build_info.h"
#include "base/error.h"
#include "base/progress.h"
#include "base/stop_signal.h"
#include "models/device/device.h"
#include "models/network/network.h"
#include "train/distributed/collective_state.h"
#include "train/loop/divergence.h"
#include "train/loop/precise_batch_norm.h"
#include "train/numerics/stopwatch.h"
#include "train/state/shared_checkpoint.h"

namespace deepmad::train {
namespace {

constexpr const char* kForeignHint = "remove the file to go on from the one before, or give another --out";

// Names of a batch's files for a message; a long list is cut.
std::string SourceList(const std::vector<std::string>& sources) {
  constexpr size_t kShown = 8;
  const size_t shown = std::min(sources.size(), kShown);
  std::string list = fmt::format("{}", fmt::join(sources.begin(), sources.begin() + static_cast<std::ptrdiff_t>(shown), ", "));
  if (shown < sources.size()) list += fmt::format(" and {} more", sources.size() - shown);
  return list;
}

// Without the sign that arithmetic gives to a NaN.
const char* NonFiniteName(double value) { return std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf"; }

bool AllFinite(const models::NamedTensors& tensors) {
  std::vector<at::Tensor> floats;
  for (const auto& [name, tensor] : tensors) {
    if (tensor.is_floating_point()) floats.push_back(tensor.detach());
  }
  return std::isfinite(at::stack(at::_foreach_norm(floats, 2)).sum().item<double>());
}

}  // namespace

Trainer::Trainer(TrainerOptions options, const TrainerParts& parts)
    : options_(std::move(options)),
      parts_(parts),
      network_(parts.update.network),
      optimizer_(parts.update.optimizer),
      ema_(parts.update.ema),
      update_(options_.update, parts.update, parts.precision, parts.device),
      feed_(parts.loader, parts.device),
      updates_per_epoch_(parts.loader.batches_per_epoch() / options_.update.accumulate),
      trace_(options_.profile, parts.device, parts.update.ranks) {}

void Trainer::Resume(const Checkpoint& checkpoint, const std::string& path) {
  const base::Json& state = checkpoint.state;
  try {
    if (state.at("config_digest") != options_.config_digest) {
      throw base::UsageError("the checkpoint belongs to another configuration", path, "give another --out");
    }
    const RunState restored = RunStateFromJson(state);
    models::CopyNamedTensors(models::WithoutPrefix(checkpoint.tensors, "model."), network_.StateDict());
    models::CopyNamedTensors(models::WithoutPrefix(checkpoint.tensors, "task."), parts_.update.task.Parameters());
    optimizer_.Restore(models::WithoutPrefix(checkpoint.tensors, "optimizer."));
    if (ema_ != nullptr) ema_->Restore(models::WithoutPrefix(checkpoint.tensors, "ema."), state.at("ema_updates"));
    if (update_.loss_scale()) update_.loss_scale()->Restore(models::WithoutPrefix(checkpoint.tensors, "loss_scale."));
    state_ = restored;
  } catch (const base::Json::exception& error) {
    throw base::FailedError(fmt::format("the checkpoint's state is not that of a run ({})", error.what()), path, kForeignHint);
  } catch (const base::Error& error) {
    if (error.kind() == base::ErrorKind::kUsage) throw;
    throw base::FailedError(fmt::format("the checkpoint does not fit the run: {}", error.what()), path, kForeignHint);
  }
}

void Trainer::Share() {
  const RankGroup* ranks = parts_.update.ranks;
  if (ranks == nullptr) return;
  const Checkpoint shared = ShareCheckpoint(ranks->rank() == 0 ? MakeCheckpoint() : Checkpoint{}, *ranks);
  if (ranks->rank() > 0) Resume(shared, "rank 0");
}

void Trainer::Run() {
  parts_.run_dir.OpenLogs(state_.step, state_.step - state_.batch);
  while (state_.epoch < options_.epochs) {
    TrainEpoch();
    FinishEpoch();
  }
  trace_.Finish();
}

double Trainer::SecondsLeft() const {
  return pace_.SecondsFor((options_.epochs * updates_per_epoch_) * options_.batch_size - state_.samples);
}

std::string Trainer::ProgressNote() const {
  return fmt::format("loss {:.4f}, data {:.0f}%, {}B, all {}", state_.epoch_loss.value(), 100 * pace_.data_share(),
                     base::FormatCount(static_cast<double>(models::MemoryOf(parts_.device).current_bytes)),
                     base::FormatDuration(SecondsLeft()));
}

void Trainer::TrainEpoch() {
  epoch_seconds_ = 0;
  epoch_samples_ = 0;
  epoch_pace_ = {};
  if (state_.batch == updates_per_epoch_) return;
  network_.train();
  base::ProgressOptions progress_options;
  progress_options.label = fmt::format("train {}/{}", state_.epoch + 1, options_.epochs);
  progress_options.total = (updates_per_epoch_ - state_.batch) * options_.batch_size;
  progress_options.note = [this] { return ProgressNote(); };
  base::Progress progress(progress_options);
  feed_.StartEpoch(state_.epoch, state_.batch * options_.update.accumulate);
  Stopwatch watch;
  while (state_.batch < updates_per_epoch_) {
    trace_.NextUpdate();
    const double data_seconds = Step();
    const bool log = state_.step % options_.log_every_steps == 0;
    if (log) ReadPendingUpdate();  // so that the interval's time is the time of its updates
    const double seconds = watch.Lap();
    for (Pace* pace : {&pace_, &epoch_pace_}) pace->Add(options_.batch_size, seconds, data_seconds);
    interval_.seconds += seconds;
    if (log) LogSteps();
    epoch_seconds_ += seconds;
    state_.train_seconds += seconds;
    state_.wall_seconds += seconds;
    progress.Update(epoch_samples_);
    if (StopAgreed()) SaveAndStop();
    if (options_.checkpoint_every_steps > 0 && state_.step % options_.checkpoint_every_steps == 0) Save();
  }
}

double Trainer::Step() {
  const int64_t micro_batches = options_.update.accumulate;
  double data_seconds = 0;
  Pending next;
  for (int64_t i = 0; i < micro_batches; ++i) {
    data::Batch batch;
    feed_.Next(&batch);
    data_seconds += batch.wait_seconds;
    next.size += batch.images.size(0);
    next.sources.insert(next.sources.end(), batch.sources.begin(), batch.sources.end());
    update_.Add(batch, {options_.seed, state_.epoch, state_.batch * micro_batches + i});
    feed_.Prefetch();
  }
  if (parts_.update.ranks != nullptr) next.size *= parts_.update.ranks->size();
  ReadPendingUpdate();  // the one before, while a GPU works on this one

  lr_ = parts_.schedule.Lr(state_.samples);
  update_.Finish(lr_);
  ++state_.step;
  ++state_.batch;
  state_.samples += next.size;
  epoch_samples_ += next.size;
  interval_.samples += next.size;
  interval_.data_seconds += data_seconds;
  pending_ = std::move(next);
  return data_seconds;
}

void Trainer::ReadPendingUpdate() {
  if (!pending_) return;
  const Pending pending = *std::exchange(pending_, std::nullopt);
  const UpdateReport& report = update_.Report();
  ranks_stop_ = report.stop;
  loss_scale_ = report.loss_scale;
  const auto fail = [&](const std::string& what) {
    throw base::FailedError(
        fmt::format("{} at step {}, in epoch {}, of these files: {}", what, state_.step, state_.epoch + 1, SourceList(pending.sources)),
        parts_.run_dir.path(), kDivergedBatchHint);
  };
  if (report.skipped) {
    // A scale below 1 is too low to be the reason.
    if (report.loss_scale < 1) fail("the gradient overflows float16 without a loss scale");
    gradient_norm_ = 0;
    ++state_.skipped;
  } else {
    gradient_norm_ = report.gradient_norm;
  }
  for (const auto& [name, value] : {std::pair("loss", report.loss), std::pair("norm of the gradient", gradient_norm_)}) {
    if (!std::isfinite(value) && !report.skipped) fail(fmt::format("the {} is {}", name, NonFiniteName(value)));
  }
  if (!std::isfinite(report.loss)) return;  // a forward pass that overflowed, of which the loss scale was lowered
  state_.epoch_loss.Add(report.loss, pending.size);
  state_.interval_loss.Add(report.loss, pending.size);
}

void Trainer::LogSteps() {
  StepRecord record;
  record.step = state_.step;
  record.epoch = state_.epoch + 1;
  record.samples = state_.samples;
  record.lr = lr_;
  record.loss = state_.interval_loss.value();
  record.gradient_norm = gradient_norm_;
  const UpdateSeconds seconds = update_.TakeSeconds();
  record.data_seconds = interval_.data_seconds;
  record.forward_seconds = seconds.forward;
  record.backward_seconds = seconds.backward;
  record.optimizer_seconds = seconds.optimizer;
  if (update_.loss_scale()) record.loss_scale = loss_scale_;
  record.skipped = state_.skipped;
  record.images_per_second = static_cast<double>(interval_.samples) / interval_.seconds;
  record.data_share = interval_.data_seconds / interval_.seconds;
  record.peak_bytes = models::MemoryOf(parts_.device).peak_bytes;
  record.left_seconds = SecondsLeft();
  parts_.run_dir.LogSteps(record);
  state_.interval_loss = {};
  interval_ = {};
}

// Of the weights that the network has now.
MetricValues Trainer::Score(const std::string& label) {
  if (options_.precise_batch_norm > 0) {
    const int64_t samples = options_.batch_size / options_.update.accumulate;  // of a micro-batch, over all ranks
    StatisticsPass pass;
    pass.epoch = state_.epoch;
    pass.batches = std::min((options_.precise_batch_norm + samples - 1) / samples, updates_per_epoch_ * options_.update.accumulate);
    pass.seed = options_.seed;
    pass.label = "statistics for " + label;
    EstimateStatistics(parts_.update, feed_, pass, parts_.precision, parts_.device);
  }
  return parts_.evaluator.Run(label);
}

MetricValues Trainer::Validate() {
  const std::string label = fmt::format("validate {}/{}", state_.epoch + 1, options_.epochs);
  MetricValues values = Score(label);
  findings_ = parts_.evaluator.findings();
  particulars_ = parts_.evaluator.particulars();
  if (ema_ != nullptr) {
    const EmaSwap averaged(*ema_);
    for (const auto& [name, value] : Score(label + " ema")) values.emplace_back(name + "_ema", value);
  }
  for (const auto& [name, value] : values) {
    if (std::isfinite(value)) continue;
    throw base::FailedError(fmt::format("{} of the validation is {} after epoch {}", name, NonFiniteName(value), state_.epoch + 1),
                            parts_.run_dir.path(), kDivergedHint);
  }
  return values;
}

void Trainer::CheckWeights() const {
  if (AllFinite(network_.StateDict())) return;
  throw base::FailedError(fmt::format("the weights are no longer finite after step {}", state_.step), parts_.run_dir.path(), kDivergedHint);
}

void Trainer::FinishEpoch() {
  ReadPendingUpdate();
  CheckWeights();  // before anything of them is scored or written
  Stopwatch watch;
  const int64_t done = state_.epoch + 1;
  EpochRecord record;
  if (done % options_.validate_every_epochs == 0 || done == options_.epochs) {
    try {
      state_.metrics = record.metrics = Validate();
    } catch (const base::Error& error) {
      if (error.kind() == base::ErrorKind::kStopped) SaveAndStop();
      throw;
    }
    KeepBest(record.metrics);
  }
  parts_.run_dir.SaveWeights("last", network_.StateDict());
  if (ema_ != nullptr) parts_.run_dir.SaveWeights("last_ema", ema_->tensors());
  record.validate_seconds = watch.Lap();
  state_.wall_seconds += record.validate_seconds;
  record.epoch = done;
  record.step = state_.step;
  record.samples = state_.samples;
  record.lr = parts_.schedule.Lr(state_.samples - options_.batch_size);  // of the last update
  record.train_loss = state_.epoch_loss.value();
  record.train_seconds = epoch_seconds_;
  record.images_per_second = epoch_pace_.images_per_second();
  parts_.run_dir.LogEpoch(record);
  ++state_.epoch;
  state_.batch = 0;
  state_.epoch_loss = {};
  Save();
}

void Trainer::KeepBest(const MetricValues& metrics) {
  const std::string primary = metrics.front().first;
  for (const auto& [name, value] : metrics) {
    if (name != primary && name != primary + "_ema") continue;
    const auto known = state_.best.find(name);
    if (known != state_.best.end() && value <= known->second.value) continue;
    state_.best[name] = {value, state_.epoch + 1};
    if (name == primary) {
      parts_.run_dir.SaveWeights("best", network_.StateDict());
    } else {
      parts_.run_dir.SaveWeights("best_ema", ema_->tensors());
    }
  }
}

bool Trainer::StopAgreed() const { return parts_.update.ranks == nullptr ? base::StopRequested() : ranks_stop_; }

Checkpoint Trainer::MakeCheckpoint() const {
  Checkpoint checkpoint;
  checkpoint.tensors = models::WithPrefix(network_.StateDict(), "model.");
  for (auto& named : models::WithPrefix(parts_.update.task.Parameters(), "task.")) checkpoint.tensors.push_back(std::move(named));
  for (auto& named : models::WithPrefix(optimizer_.State(), "optimizer.")) checkpoint.tensors.push_back(std::move(named));
  checkpoint.state = ToJson(state_);
  if (ema_ != nullptr) {
    for (auto& named : models::WithPrefix(ema_->tensors(), "ema.")) checkpoint.tensors.push_back(std::move(named));
    checkpoint.state["ema_updates"] = ema_->updates();
  }
  if (update_.loss_scale()) {
    for (auto& named : models::WithPrefix(update_.loss_scale()->State(), "loss_scale.")) checkpoint.tensors.push_back(std::move(named));
  }
  checkpoint.state["seed"] = options_.seed;
  checkpoint.state["config_digest"] = options_.config_digest;
  checkpoint.state["version"] = base::Version();
  checkpoint.state["revision"] = base::GitRevision();
  return checkpoint;
}

void Trainer::Save() {
  ReadPendingUpdate();
  CheckWeights();
  parts_.run_dir.SaveCheckpoint(state_.step, MakeCheckpoint());
  if (parts_.update.ranks != nullptr) parts_.update.ranks->Barrier();  // no rank ends, or goes on, before the state is on disk
}

void Trainer::SaveAndStop() {
  Save();
  throw base::Error(base::ErrorKind::kStopped, fmt::format("stopped after step {}, the state is saved", state_.step), parts_.run_dir.path(),
                    "start again to go on");
}

}  // namespace deepmad::train
