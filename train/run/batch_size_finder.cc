#include "train/run/batch_size_finder.h"

#include <ATen/ops/zeros.h>
#include <c10/core/InferenceMode.h>
#include <c10/util/Exception.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/error.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/stop_signal.h"
#include "data/loader/loader.h"
#include "models/device/device.h"
#include "models/device/tensor_memory.h"
#include "train/loop/device_feed.h"
#include "train/loop/recorded_forward.h"
#include "train/run/out_of_memory.h"
#include "train/run/training_components.h"

namespace deepmad::train {
namespace {

std::string Bytes(int64_t bytes) { return base::FormatCount(static_cast<double>(bytes)) + "B"; }

constexpr int kUpdates = 2;  // libraries may take memory of their own in the first

class Fit {
 public:
  Fit(const base::Config& config, const TrainConfig& train, const mad::NetworkSpec& spec, const data::Datasets& data, const Task& task,
      at::Device device)
      : config_(config), train_(train), spec_(spec), data_(data), task_(task), device_(device) {}

  // Above what the process held before.
  std::optional<int64_t> StepBytes(int64_t samples) const {
    if (base::StopRequested()) throw base::Error(base::ErrorKind::kStopped, "stopped by a signal", "train.batch_size", "start again");
    models::ReleaseCachedMemory(device_);
    models::ResetPeakMemory(device_);
    const int64_t before = models::MemoryOf(device_).peak_reserved_bytes;
    const models::TensorMemory tensors;
    int64_t waiting = 0;
    try {
      waiting = Updates(samples);
    } catch (const c10::Error& error) {  // on a GPU
      if (!IsOutOfMemory(error)) throw;
      base::LogInfo(fmt::format("a batch of {} does not fit", samples));
      models::ReleaseCachedMemory(device_);
      return std::nullopt;
    }
    const int64_t held = device_.is_cpu() ? tensors.peak_bytes() : models::MemoryOf(device_).peak_reserved_bytes - before;
    base::LogInfo(fmt::format("a batch of {} takes {}", samples, Bytes(held + waiting)));
    return held + waiting;
  }

 private:
  // Bytes of the batches that would wait in the device's memory meanwhile.
  int64_t Updates(int64_t samples) const {
    data::LoaderOptions options;
    options.batch_size = samples;
    options.workers = 0;
    options.seed = train_.trainer.seed;
    options.shuffle = options.drop_last = true;
    options.repeats = data_.repeats;
    options.channels_last = train_.precision.channels_last;
    data::Loader loader(*data_.train, data_.train_pipeline, options);
    BatchFeed feed(loader, device_);
    feed.StartEpoch(0);
    data::Batch batch;
    feed.Next(&batch);

    const Trial trial(config_, train_, train_.precision, spec_, device_);
    UpdateOptions update_options = train_.trainer.update;
    update_options.accumulate = std::min<int64_t>(update_options.accumulate, 2);  // more hold no more
    Update update(update_options, trial.parts(), train_.precision, device_);
    BatchPosition position{options.seed, 0, 0};
    for (int i = 0; i < kUpdates; ++i) {
      for (int64_t j = 0; j < update_options.accumulate; ++j, ++position.batch) update.Add(batch, position);
      update.Finish(/*lr=*/0);
    }
    Validate(trial.parts().network);
    models::SynchronizeDevice(device_);
    const int64_t ahead = device_.is_cpu() ? std::max(data_.queue_batches, data_.workers) : 1;
    const size_t labels = batch.labels.defined() ? batch.labels.nbytes() : 0;
    return ahead * static_cast<int64_t>(batch.images.nbytes() + labels);
  }

  // One batch, beside all that training holds.
  void Validate(models::Network& network) const {
    const c10::InferenceMode inference;
    data::LoaderOptions options;
    options.batch_size = data_.one_shape ? train_.validate_batch_size : 1;
    options.workers = 0;
    options.channels_last = train_.precision.channels_last;
    data::Loader loader(*data_.validation, data_.validation_pipeline, options);
    BatchFeed feed(loader, device_);
    feed.StartEpoch(0);
    data::Batch batch;
    feed.Next(&batch);
    network.eval();
    const std::unique_ptr<TaskMetric> metric = task_.NewMetric();
    RecordedForward recorded(network, train_.precision, device_);
    if (train_.trainer.update.graphs) recorded.Run(batch.images);  // stays while the last, smaller batch goes without it
    const AutocastGuard autocast(train_.precision, device_.type());
    metric->Add(network, batch);
    metric->Finish();
  }

  const base::Config& config_;
  const TrainConfig& train_;
  const mad::NetworkSpec& spec_;
  const data::Datasets& data_;
  const Task& task_;
  at::Device device_;
};

int64_t LimitBytes(const BatchLimits& limits, at::Device device, const RankGroup* ranks) {
  if (limits.memory_gb) return static_cast<int64_t>(*limits.memory_gb * 1e9);
  const int sharers = device.is_cpu() && ranks != nullptr ? ranks->launch().local_size : 1;
  return static_cast<int64_t>(limits.memory_share * static_cast<double>(models::MemoryOf(device).free_bytes) / sharers);
}

int64_t SmallestOf(int64_t samples, const RankGroup& ranks) {
  const at::Tensor all = at::zeros({ranks.size()}, at::kLong);
  all[ranks.rank()] = samples;
  ranks.Sum(all);
  return all.min().item<int64_t>();
}

}  // namespace

int64_t FitBatch(const base::Config& config, const TrainConfig& train, const mad::NetworkSpec& spec, const data::Datasets& data,
                 const Task& task, at::Device device, const RankGroup* ranks) {
  const BatchLimits& limits = *train.batch_limits;
  const std::string where = config.Section("train").Where("batch_size");
  const int64_t parts = train.trainer.update.accumulate * (ranks == nullptr ? 1 : ranks->size());
  const int64_t most = std::min(limits.max, data.train->size()) / parts;
  if (most < kBatchStep) {
    throw base::UsageError(fmt::format("no batch of {} samples or more in {} parts is within {} samples", kBatchStep, parts,
                                       std::min(limits.max, data.train->size())),
                           where, "give train.batch_size, or a larger train.batch_limits.max or smaller train.accumulate");
  }
  const int64_t limit = LimitBytes(limits, device, ranks);
  const Fit fit(config, train, spec, data, task, device);
  const std::optional<FittingBatch> found = LargestBatch(most, limit, [&](int64_t samples) { return fit.StepBytes(samples); });
  models::ReleaseCachedMemory(device);
  int64_t samples = found ? found->samples : 0;
  if (ranks != nullptr) samples = SmallestOf(samples, *ranks);
  if (samples == 0) {
    throw base::UsageError(fmt::format("an update of {} samples takes more than {}", kBatchStep, Bytes(limit)), where,
                           "give more memory by train.batch_limits, smaller pictures, or activation_checkpointing: true");
  }
  base::LogInfo(fmt::format("train.batch_size: {} of at most {} fit in {}", samples * parts, most * parts, Bytes(limit)));
  return samples * parts;
}

int64_t BatchOfRun(const std::string& out) {
  const std::string file = out + "/config.yaml";
  if (out.empty() || !std::filesystem::exists(file)) return 0;
  return base::Config::FromFile(file).Section("train").GetInt("batch_size", 1, 1'000'000);
}

}  // namespace deepmad::train
