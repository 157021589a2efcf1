#include "train/trainer.h"

#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/stack.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "base/build_info.h"
#include "base/error.h"
#include "base/progress.h"
#include "base/stop_signal.h"
#include "models/network.h"
#include "train/stopwatch.h"

namespace deepmad::train {
namespace {

constexpr const char* kDivergedHint = "train with a lower learning rate, a longer warm-up or clip_norm; the last checkpoint is untouched";
constexpr const char* kForeignHint = "remove the file to go on from the one before, or give another --out";
constexpr const char* kBatchHint =
    "look at the files, or train with a lower learning rate, a longer warm-up or clip_norm; the last checkpoint is untouched";

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

bool AllFinite(const NamedTensors& tensors) {
  std::vector<at::Tensor> floats;
  for (const auto& [name, tensor] : tensors) {
    if (tensor.is_floating_point()) floats.push_back(tensor.detach());
  }
  return std::isfinite(at::stack(at::_foreach_norm(floats, 2)).sum().item<double>());
}

}  // namespace

void Trainer::Resume(const Checkpoint& checkpoint, const std::string& path) {
  const base::Json& state = checkpoint.state;
  try {
    if (state.at("config_digest") != options_.config_digest) {
      throw base::UsageError("the checkpoint belongs to another configuration", path, "give another --out");
    }
    const RunState restored = RunStateFromJson(state);
    CopyNamedTensors(WithoutPrefix(checkpoint.tensors, "model."), parts_.network.StateDict());
    parts_.optimizer.Restore(WithoutPrefix(checkpoint.tensors, "optimizer."));
    if (parts_.ema != nullptr) parts_.ema->Restore(WithoutPrefix(checkpoint.tensors, "ema."), state.at("ema_updates"));
    state_ = restored;
  } catch (const base::Json::exception& error) {
    throw base::FailedError(fmt::format("the checkpoint's state is not that of a run ({})", error.what()), path, kForeignHint);
  } catch (const base::Error& error) {
    if (error.kind() == base::ErrorKind::kUsage) throw;
    throw base::FailedError(fmt::format("the checkpoint does not fit the run: {}", error.what()), path, kForeignHint);
  }
}

void Trainer::Run() {
  parts_.run_dir.OpenLogs(state_.step, state_.step - state_.batch);
  while (state_.epoch < options_.epochs) {
    TrainEpoch();
    FinishEpoch();
  }
}

void Trainer::TrainEpoch() {
  epoch_seconds_ = 0;
  epoch_samples_ = 0;
  if (state_.batch == parts_.loader.batches_per_epoch()) return;
  parts_.network.train();
  base::ProgressOptions progress_options;
  progress_options.label = fmt::format("train {}/{}", state_.epoch + 1, options_.epochs);
  progress_options.total = (parts_.loader.batches_per_epoch() - state_.batch) * options_.batch_size;
  base::Progress progress(progress_options);
  parts_.loader.StartEpoch(state_.epoch, state_.batch);
  data::Batch batch;
  Stopwatch watch;
  while (parts_.loader.Next(&batch)) {
    phases_.data += batch.wait_seconds;
    Step(batch);
    const double seconds = watch.Lap();
    epoch_seconds_ += seconds;
    state_.train_seconds += seconds;
    state_.wall_seconds += seconds;
    progress.Update(epoch_samples_, fmt::format("loss {:.4f}", state_.epoch_loss.value()));
    if (base::StopRequested()) SaveAndStop();
    if (options_.checkpoint_every_steps > 0 && state_.step % options_.checkpoint_every_steps == 0) Save();
  }
}

void Trainer::Step(data::Batch& batch) {
  Stopwatch watch;
  const int64_t size = batch.labels.size(0);
  MoveBatch(batch, parts_.device);
  parts_.optimizer.ZeroGrad();
  at::Tensor loss;
  {
    const AutocastGuard autocast(parts_.precision, parts_.device.type());
    loss = parts_.task.Loss(parts_.network, batch, {options_.seed, state_.epoch, state_.batch});
  }
  phases_.forward += watch.Lap();
  loss.backward();
  phases_.backward += watch.Lap();
  Settle();  // the step before, while a GPU works on this one

  const double lr = parts_.schedule.Lr(state_.samples);
  const bool log = (state_.step + 1) % options_.log_every_steps == 0;
  at::Tensor gradient_norm = parts_.optimizer.ClipGradients(options_.clip_norm);
  parts_.optimizer.Step(lr);
  if (parts_.ema != nullptr) parts_.ema->Update();
  phases_.optimizer += watch.Lap();

  pending_ = {loss.detach(), std::move(gradient_norm), std::move(batch.sources), size};
  ++state_.step;
  ++state_.batch;
  state_.samples += size;
  epoch_samples_ += size;
  phases_.samples += size;
  if (log) LogSteps(lr);
}

void Trainer::Settle() {
  if (!pending_.loss.defined()) return;
  const double loss = pending_.loss.item<double>();
  gradient_norm_ = pending_.gradient_norm.item<double>();
  pending_.loss.reset();
  for (const auto& [name, value] : {std::pair{"loss", loss}, std::pair{"norm of the gradient", gradient_norm_}}) {
    if (std::isfinite(value)) continue;
    throw base::FailedError(fmt::format("the {} is {} at step {}, in epoch {}, of these files: {}", name, NonFiniteName(value), state_.step,
                                        state_.epoch + 1, SourceList(pending_.sources)),
                            parts_.run_dir.path(), kBatchHint);
  }
  state_.epoch_loss.Add(loss, pending_.size);
  state_.interval_loss.Add(loss, pending_.size);
}

void Trainer::LogSteps(double lr) {
  Settle();
  StepRecord record;
  record.step = state_.step;
  record.epoch = state_.epoch + 1;
  record.samples = state_.samples;
  record.lr = lr;
  record.loss = state_.interval_loss.value();
  record.gradient_norm = gradient_norm_;
  record.data_seconds = phases_.data;
  record.forward_seconds = phases_.forward;
  record.backward_seconds = phases_.backward;
  record.optimizer_seconds = phases_.optimizer;
  record.images_per_second = static_cast<double>(phases_.samples) / (phases_.data + phases_.forward + phases_.backward + phases_.optimizer);
  parts_.run_dir.LogSteps(record);
  state_.interval_loss = {};
  phases_ = {};
}

MetricValues Trainer::Validate() {
  const std::string label = fmt::format("validate {}/{}", state_.epoch + 1, options_.epochs);
  MetricValues values = parts_.evaluator.Run(label);
  if (parts_.ema != nullptr) {
    const EmaSwap averaged(*parts_.ema);
    for (const auto& [name, value] : parts_.evaluator.Run(label + " ema")) values.emplace_back(name + "_ema", value);
  }
  for (const auto& [name, value] : values) {
    if (std::isfinite(value)) continue;
    throw base::FailedError(fmt::format("{} of the validation is {} after epoch {}", name, NonFiniteName(value), state_.epoch + 1),
                            parts_.run_dir.path(), kDivergedHint);
  }
  return values;
}

void Trainer::CheckWeights() const {
  if (AllFinite(parts_.network.StateDict())) return;
  throw base::FailedError(fmt::format("the weights are no longer finite after step {}", state_.step), parts_.run_dir.path(), kDivergedHint);
}

void Trainer::FinishEpoch() {
  Settle();
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
  parts_.run_dir.SaveWeights("last", parts_.network.StateDict());
  if (parts_.ema != nullptr) parts_.run_dir.SaveWeights("last_ema", parts_.ema->tensors());
  record.validate_seconds = watch.Lap();
  state_.wall_seconds += record.validate_seconds;
  record.epoch = done;
  record.step = state_.step;
  record.samples = state_.samples;
  record.lr = parts_.schedule.Lr(state_.samples - options_.batch_size);  // of the last update
  record.train_loss = state_.epoch_loss.value();
  record.train_seconds = epoch_seconds_;
  record.images_per_second = epoch_seconds_ > 0 ? static_cast<double>(epoch_samples_) / epoch_seconds_ : 0;
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
      parts_.run_dir.SaveWeights("best", parts_.network.StateDict());
    } else {
      parts_.run_dir.SaveWeights("best_ema", parts_.ema->tensors());
    }
  }
}

void Trainer::Save() {
  Settle();
  CheckWeights();
  Checkpoint checkpoint;
  checkpoint.tensors = WithPrefix(parts_.network.StateDict(), "model.");
  for (auto& named : WithPrefix(parts_.optimizer.State(), "optimizer.")) checkpoint.tensors.push_back(std::move(named));
  checkpoint.state = ToJson(state_);
  if (parts_.ema != nullptr) {
    for (auto& named : WithPrefix(parts_.ema->tensors(), "ema.")) checkpoint.tensors.push_back(std::move(named));
    checkpoint.state["ema_updates"] = parts_.ema->updates();
  }
  checkpoint.state["seed"] = options_.seed;
  checkpoint.state["config_digest"] = options_.config_digest;
  checkpoint.state["version"] = base::Version();
  checkpoint.state["revision"] = base::GitRevision();
  parts_.run_dir.SaveCheckpoint(state_.step, checkpoint);
}

void Trainer::SaveAndStop() {
  Save();
  throw base::Error(base::ErrorKind::kStopped, fmt::format("stopped after step {}, the state is saved", state_.step), parts_.run_dir.path(),
                    "start again to go on");
}

}  // namespace deepmad::train
