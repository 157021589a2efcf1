#include "train/run/train_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/error.h"

namespace deepmad::train {
namespace {

// How long to train, and when to validate.
void ReadLength(const base::Config& train, const base::Config& validate, TrainerOptions& trainer) {
  if (train.IsNull("steps")) {
    trainer.epochs = train.GetInt("epochs", trainer.epochs, 1, 100'000);
    trainer.validate_every_epochs = validate.GetInt("every_epochs", trainer.validate_every_epochs, 1, 100'000);
    return;
  }
  constexpr int64_t kMostSteps = 1'000'000'000;
  const int64_t steps = train.GetInt("steps", 1, kMostSteps);
  if (!train.IsNull("epochs")) {
    throw base::UsageError("both train.epochs and train.steps are given", train.Where("steps"), "set one of them to null");
  }
  if (!validate.IsNull("every_epochs")) {
    throw base::UsageError("validate.every_epochs is given, but the length of the run is in updates", validate.Where("every_epochs"),
                           "set validate.every_steps");
  }
  const int64_t every = std::min(steps, validate.GetInt("every_steps", steps, 1, kMostSteps));
  if (steps % every != 0) {
    throw base::UsageError(fmt::format("{} updates are no multiple of the {} between two validations", steps, every), train.Where("steps"),
                           "change validate.every_steps");
  }
  trainer.steps_per_epoch = every;
  trainer.epochs = steps / every;
}

}  // namespace

TrainConfig ReadTrainConfig(const base::Config& config) {
  const base::Config train = config.Section("train");
  TrainConfig result(train.Section("optimizer"));
  TrainerOptions& trainer = result.trainer;
  trainer.seed = static_cast<uint64_t>(config.GetInt("seed", 0, 0, std::numeric_limits<int64_t>::max()));
  const base::Config validate = config.Section("validate");
  ReadLength(train, validate, trainer);
  const bool search = train.Has("batch_size") && train.IsScalar("batch_size") && train.GetString("batch_size") == "auto";
  trainer.update.accumulate = train.GetInt("accumulate", trainer.update.accumulate, 1, 1'000'000);
  const BatchLimits limits = ReadBatchLimits(train);
  if (search) {
    result.batch_limits = limits;
    trainer.batch_size = kBatchStep * trainer.update.accumulate;
  } else {
    trainer.batch_size = train.GetInt("batch_size", trainer.batch_size, 1, 1'000'000);
  }
  if (trainer.batch_size % trainer.update.accumulate != 0) {
    throw base::UsageError(
        fmt::format("{} samples an update do not divide into {} micro-batches", trainer.batch_size, trainer.update.accumulate),
        train.Where("accumulate"), "make train.batch_size a multiple of train.accumulate");
  }
  trainer.update.clip_norm = train.GetOptionalDouble("clip_norm", 1e-6, 1e6);
  result.drop_path = train.GetDouble("drop_path", result.drop_path, 0, 0.99);
  result.activation_checkpointing = train.GetBool("activation_checkpointing", result.activation_checkpointing);
  trainer.update.graphs = train.GetBool("cuda_graphs", trainer.update.graphs);
  trainer.checkpoint_every_steps = train.GetInt("checkpoint_every_steps", trainer.checkpoint_every_steps, 0, 1'000'000'000);
  trainer.log_every_steps = train.GetInt("log_every_steps", trainer.log_every_steps, 1, 1'000'000'000);

  if (result.optimizer.Has("lr")) {
    result.lr = result.optimizer.GetDouble("lr", 0, 1000);
  } else {
    result.lr = result.optimizer.GetDouble("lr_per_256", 0.1, 0, 1000) * static_cast<double>(trainer.batch_size) / 256;
  }
  result.schedule = ReadSchedule(train.Section("schedule"));
  if (!train.IsNull("ema")) {
    const base::Config ema = train.Section("ema");
    result.ema.emplace();
    result.ema->decay = ema.GetDouble("decay", result.ema->decay, 0, 1);
    result.ema->warmup = ema.GetBool("warmup", result.ema->warmup);
  }
  result.precision = ReadPrecision(train);
  const base::Config init = train.Section("init");
  result.init = models::InitOptionsFromConfig(init);
  const bool drop_head = init.GetChoice("head", "strict", {"strict", "drop"}) == "drop";  // read without weights too
  if (!init.IsNull("weights")) {
    result.start.emplace();
    result.start->place.file = init.GetPath("weights");
    result.start->place.set = init.GetBool("averaged", false) ? models::WeightSet::kAveraged : models::WeightSet::kTrained;
    result.start->head = drop_head ? models::HeadPolicy::kDrop : models::HeadPolicy::kStrict;
    const std::string inflate = init.GetChoice("inflate", "none", {"none", "centre", "repeat"});
    if (inflate != "none") result.start->inflation = inflate == "centre" ? models::Inflation::kCentre : models::Inflation::kRepeat;
  }
  const base::Config batch_norm = train.Section("batch_norm");
  result.batch_norm.eps = batch_norm.GetDouble("eps", result.batch_norm.eps, 1e-12, 1);
  result.batch_norm.momentum = batch_norm.GetDouble("momentum", result.batch_norm.momentum, 0, 1);
  const base::Config freeze = train.Section("freeze");
  const std::string frozen = freeze.GetChoice("batch_norm", "none", {"none", "statistics", "all"});
  using Norms = models::FreezeOptions::Norms;
  result.freeze.batch_norm = frozen == "none" ? Norms::kNone : frozen == "statistics" ? Norms::kStatistics : Norms::kAll;
  result.freeze.stages = static_cast<int>(freeze.GetInt("stages", 0, 0, 100));
  result.sync_bn = train.GetBool("sync_bn", result.sync_bn);
  const std::string fused_norm = train.GetChoice("fused_norm", "auto", {"auto", "on", "off"});
  using models::FusedNorm;
  result.fused_norm = fused_norm == "auto" ? FusedNorm::kAuto : fused_norm == "on" ? FusedNorm::kOn : FusedNorm::kOff;
  trainer.precise_batch_norm = train.GetInt("precise_batch_norm", trainer.precise_batch_norm, 0, 1'000'000'000);

  result.validate_batch_size = validate.GetInt("batch_size", result.validate_batch_size, 1, 1'000'000);
  return result;
}

}  // namespace deepmad::train
