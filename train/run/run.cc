#include "train/run/run.h"

#include <c10/util/Exception.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "base/build_info.h"
#include "base/error.h"
#include "base/log.h"
#include "data/dataset/class_use.h"
#include "data/inputs/open_datasets.h"
#include "data/loader/loader.h"
#include "models/device/device.h"
#include "models/network/network.h"
#include "models/weights/load.h"
#include "train/distributed/rank_consistency.h"
#include "train/loop/trainer.h"
#include "train/numerics/stopwatch.h"
#include "train/run/batch_size_finder.h"
#include "train/run/runtime_setup.h"
#include "train/run/train_config.h"
#include "train/run/weight_classes.h"
#include "train/run_folder/error_analysis_page.h"
#include "train/run_folder/result_digest.h"

namespace deepmad::train {
namespace {

// What training and validation share, built from the configuration.
struct Experiment {
  TrainConfig config;
  data::Datasets data;
  std::string task_name;
  std::unique_ptr<Task> task;
  std::shared_ptr<models::Network> network;
  at::Device device;
  const RankGroup* ranks = nullptr;

  int world() const { return ranks == nullptr ? 1 : ranks->size(); }
  bool first() const { return ranks == nullptr || ranks->rank() == 0; }

  data::Loader MakeLoader(bool train) const {
    data::LoaderOptions options;
    const int64_t validation_batch = data.one_shape ? config.validate_batch_size : 1;
    options.batch_size = train ? config.trainer.batch_size / config.trainer.update.accumulate / world() : validation_batch;
    options.world = world();
    options.rank = ranks == nullptr ? 0 : ranks->rank();
    options.workers = data.workers;
    options.queue_batches = data.queue_batches;
    options.seed = config.trainer.seed;
    options.shuffle = options.drop_last = train;
    options.repeats = train ? data.repeats : 1;
    if (train) options.epoch_batches = config.trainer.steps_per_epoch * config.trainer.update.accumulate;
    options.channels_last = config.precision.channels_last;
    options.pin_memory = device.is_cuda();
    return data::Loader(train ? *data.train : *data.validation, train ? data.train_pipeline : data.validation_pipeline, options);
  }

  // UsageError where the data do not make one. `loader` is that of training.
  int64_t UpdatesPerEpoch(const data::Loader& loader) const {
    const int64_t updates = loader.batches_per_epoch() / config.trainer.update.accumulate;
    if (updates > 0) return updates;
    throw base::UsageError(
        fmt::format("an epoch of {} micro-batches makes no update of {}", loader.batches_per_epoch(), config.trainer.update.accumulate),
        "train.batch_size", "use a smaller batch");
  }

  std::string Protocol() const {
    const std::string mark = task->Mark().empty() ? "" : ", " + task->Mark();
    return fmt::format("{}, {}, {} images{}", data.protocol, PrecisionName(config.precision, device.type()), data.validation->size(), mark);
  }
};

void CheckFits(const mad::NetworkSpec& spec, const data::Datasets& data, const Task& task, const base::Config& config, bool with_train) {
  if (with_train && spec.Quantised()) {  // no gradient passes its rounding
    throw base::UsageError(fmt::format("network '{}' is quantised, and only for inference", spec.name), config.Where("network"),
                           "train it without activation_bits, weight_bits and head.bits");
  }
  if ((spec.SpatialDims() == 3) != (data.frames > 0)) {
    const bool videos = data.labels == data::LabelKind::kVideo;
    throw base::UsageError(fmt::format("network '{}' takes {}, the data are {}", spec.name, data.frames > 0 ? "images" : "videos",
                                       data.frames > 0 ? "clips"
                                       : videos        ? "single frames"
                                                       : "images"),
                           config.Where("network"),
                           videos ? "choose another data.clip.sampling: sparse for a network of 2-D blocks, dense for one of 3-D blocks"
                                  : "choose a network of 2-D blocks");
  }
  const std::string task_name = TaskName(config);
  if (!task.Takes(spec.head)) {
    throw base::UsageError(fmt::format("task {} cannot train network '{}', whose head is of type {}", task_name, spec.name, spec.head.type),
                           config.Where("network"), "give the network a head of another type, or choose another task");
  }
  if (data.labels != task.labels()) {
    throw base::UsageError(fmt::format("the data have a label for each {}, task {} takes one for each {}", data::LabelledThing(data.labels),
                                       task_name, data::LabelledThing(task.labels())),
                           config.Where("data"), "choose other data, or another task");
  }
  const int classes = static_cast<int>(data.class_names().size());
  if (spec.head.classes != classes) {
    throw base::UsageError(fmt::format("network '{}' has {} classes, the data {}", spec.name, spec.head.classes, classes),
                           config.Where("data"), fmt::format("set head.classes to {}", classes));
  }
  if (spec.input.channels != data.shape.channels) {
    throw base::UsageError(
        fmt::format("network '{}' takes {} channels, the data gives {}", spec.name, spec.input.channels, data.shape.channels),
        config.Where("data"), fmt::format("set data.channels to {}", spec.input.channels));
  }
}

// Each rank has read its own files.
void CheckSameData(const data::Datasets& data, const RankGroup& ranks) {
  base::Json facts;
  if (data.train) facts["number of training samples"] = data.train->size();
  facts["number of validation samples"] = data.validation->size();
  facts["classes"] = data.class_names();
  CheckAgreement("the data", base::JsonLine(facts), ranks);
}

// Reads every key of the run and complains about what is left.
Experiment Prepare(const base::Config& config, const mad::NetworkSpec& spec, const RunOptions& options, bool with_train) {
  config.GetInt("version", 1, 1, 1);
  TrainConfig train = ReadTrainConfig(config);
  data::Datasets data = data::OpenDatasets(config.Section("data"), with_train);
  if (options.ranks != nullptr) CheckSameData(data, *options.ranks);
  std::unique_ptr<Task> task = MakeTask(config, static_cast<int64_t>(data.class_names().size()));
  CheckFits(spec, data, *task, config, with_train);
  task->StartValidation(config.Section("validate"), data);
  if (!options.predictions.empty()) task->WritePredictions(options.predictions);

  const at::Device device = StartSession(options, train.precision, data.one_shape);
  std::shared_ptr<models::Network> network = MakeNetwork(spec, train, device);
  return {std::move(train), std::move(data), TaskName(config), std::move(task), std::move(network), device, options.ranks};
}

void LoadStart(const Experiment& experiment) {
  const auto& start = experiment.config.start;
  if (!start) return;
  models::WeightsFile weights = models::OpenWeights(start->place);
  if (start->head == models::HeadPolicy::kStrict) CheckSameClasses(weights, experiment.data.class_names(), start->place.file);
  if (start->inflation) weights = models::InflateFor(*experiment.network, std::move(weights), *start->inflation, start->place.file);
  models::LoadWeights(*experiment.network, weights, start->head, start->place.file);
}

// Says which classes have no sample. FailedError where nothing is labelled, which would train on nothing.
void LookAtClasses(const data::Datasets& data) {
  for (const auto& [name, set] : {std::pair{"training", data.train.get()}, std::pair{"validation", data.validation.get()}}) {
    const data::ClassUse use = data::UseOfClasses(*set);
    const std::string unused = data::DescribeUnused(*set, use);
    const bool none = !unused.empty() && std::ranges::all_of(use.counts, [](int64_t count) { return count == 0; });
    if (none && set == data.train.get()) throw base::FailedError(unused, "training set");
    if (!unused.empty()) base::LogWarning(fmt::format("{} set: {}", name, unused));
  }
}

// What several processes need: batches that can be shared, and statistics of all of them.
void StartRanks(const Experiment& experiment, const base::Config& section) {
  const TrainConfig& config = experiment.config;
  const int64_t shared = config.trainer.batch_size / config.trainer.update.accumulate;
  if (shared % experiment.world() != 0) {
    throw base::UsageError(fmt::format("a batch of {} samples cannot be shared equally by {} processes", shared, experiment.world()),
                           section.Where("batch_size"), "use a multiple of the number of processes");
  }
  if (config.sync_bn) experiment.network->batch_norm_settings().group = experiment.ranks;
}

// `batch_size: auto` becomes a number, in the configuration too: that of the run in the folder, so that it goes on with it, or what fits.
void ChooseBatch(Experiment& experiment, base::Config config, const mad::NetworkSpec& spec, const RunOptions& options) {
  if (!experiment.config.batch_limits) return;
  int64_t samples = experiment.first() && !options.fresh ? BatchOfRun(options.out) : 0;
  if (options.ranks != nullptr) samples = std::stoll(options.ranks->Broadcast(std::to_string(samples)));
  if (samples == 0)
    samples = FitBatch(config, experiment.config, spec, experiment.data, *experiment.task, experiment.device, options.ranks);
  config.Override("train.batch_size=" + std::to_string(samples));
  const PrecisionOptions chosen = experiment.config.precision;
  experiment.config = ReadTrainConfig(config);
  experiment.config.precision = chosen;
}

void StartTraining(const Experiment& experiment, const base::Config& config) {
  if (experiment.ranks != nullptr) StartRanks(experiment, config.Section("train"));
  experiment.network->drop_paths().SetRate(experiment.config.drop_path);
  experiment.network->SetRecompute(experiment.config.activation_checkpointing);
  experiment.task->Start({*experiment.network, experiment.device, experiment.config.precision.channels_last, experiment.config.trainer.seed,
                          experiment.ranks});
}

// What only training has; comes before the optimizer, which also moves the task's own parameters.
Experiment PrepareTraining(const base::Config& config, const mad::NetworkSpec& spec, const RunOptions& options) {
  Experiment experiment = Prepare(config, spec, options, /*with_train=*/true);
  if (experiment.config.trainer.update.graphs && dynamic_cast<const ReplayableTask*>(experiment.task.get()) == nullptr) {
    throw base::UsageError("the passes of task '" + experiment.task_name + "' cannot be recorded",
                           config.Section("train").Where("cuda_graphs"), "set cuda_graphs: false");
  }
  ChooseBatch(experiment, config, spec, options);
  StartTraining(experiment, config);
  return experiment;
}

std::unique_ptr<Optimizer> MakeOptimizer(const Experiment& experiment) {
  const base::Config& section = experiment.config.optimizer;
  const auto& entry = OptimizerRegistry::Get().Find(section.GetString("name", "sgd"), section.Where("name"));
  return entry.factory(TrainedParameters(*experiment.network, *experiment.task), section);
}

// Everything that an epoch may report, those of the averaged weights last.
std::vector<std::string> MetricNames(const Experiment& experiment) {
  const std::vector<std::string> plain = experiment.task->NewMetric()->Names();
  std::vector<std::string> names = plain;
  if (experiment.config.ema) {
    for (const std::string& name : plain) names.push_back(name + "_ema");
  }
  return names;
}

base::Json MetricsJson(const MetricValues& metrics) {
  base::Json json = base::Json::object();
  for (const auto& [name, value] : metrics) json[name] = value;
  return json;
}

// What a reader of the weights wants to know without the run folder.
std::map<std::string, std::string> WeightsMetadata(const mad::NetworkSpec& spec, const std::vector<std::string>& class_names) {
  return {{"format", "pt"}, {"network", mad::NetworkToYaml(spec)}, {"classes", base::JsonLine(class_names)}, {"version", base::Version()}};
}

base::Json Summarise(const Experiment& experiment, const mad::NetworkSpec& spec, const std::string& data_name, const RunState& state) {
  base::Json best = base::Json::object();
  for (const auto& [name, value] : state.best) best[name] = {{"value", value.value}, {"epoch", value.epoch}};
  return {{"task", experiment.task_name},
          {"network", spec.name},
          {"data", data_name},
          {"epochs", state.epoch},
          {"samples", state.samples},
          {"metrics", MetricsJson(state.metrics)},
          {"best", best},
          {"protocol", experiment.Protocol()},
          {"images_per_second", static_cast<double>(state.samples) / state.train_seconds},
          {"wall_seconds", state.wall_seconds},
          {"train_seconds", state.train_seconds},
          {"device", models::DescribeDevice(experiment.device)},
          {"seed", experiment.config.trainer.seed},
          {"version", base::Version()},
          {"revision", base::GitRevision()}};
}

// How much the gradients' exchange costs, for the person who chooses the number of ranks.
void LogExchange(const GradientReducer& reducer) {
  const ReductionTimes times = reducer.Times();
  const double share = times.communication_seconds > 0 ? times.overlap_seconds / times.communication_seconds : 0;
  base::LogInfo(fmt::format(
      "gradients: {:.1f} MB an update in {} parts, exchanged in {:.1f} ms, {:.0f} % of it during the backward pass of {:.1f} ms",
      static_cast<double>(reducer.bytes()) / 1e6, reducer.buckets(), times.communication_seconds * 1e3, share * 100,
      times.backward_seconds * 1e3));
}

// LibTorch refuses an operation that has no deterministic kernel when it comes to it.
void Run(Trainer& trainer, const base::Config& train) {
  try {
    trainer.Run();
  } catch (const c10::Error& error) {
    const std::string text = error.what_without_backtrace();
    const size_t name_end = text.find(" does not have a deterministic implementation");
    if (name_end == std::string::npos) throw;
    throw base::UsageError(text.substr(0, name_end) + " has no deterministic kernel on this device", train.Where("deterministic"),
                           "set train.deterministic: false");
  }
}

}  // namespace

RunSummary TrainRun(const base::Config& config, const mad::NetworkSpec& spec, const RunOptions& options) {
  Experiment experiment = PrepareTraining(config, spec, options);
  const std::unique_ptr<Optimizer> optimizer = MakeOptimizer(experiment);
  const std::string data_name = config.Section("data").GetString("name");
  const std::string name = config.GetString("name", spec.name);
  config.CheckAllRead();

  const RunFiles files{config.Resolved(), mad::NetworkToYaml(spec), options.design_report, options.structure_svg};
  TrainerOptions& trainer_options = experiment.config.trainer;
  trainer_options.profile = options.profile;
  RunDir run_dir(options.out, name, WeightsMetadata(spec, experiment.data.class_names()), MetricNames(experiment), experiment.first());
  const RunDir::Found found = experiment.first() ? run_dir.Look(files, options.fresh) : RunDir::Found::kUnfinished;
  if (experiment.first()) {
    trainer_options.config_digest =
        found == RunDir::Found::kNothing ? ResultDigest(files.config_yaml, files.network_yaml) : run_dir.HeldDigest();
  }
  // Rank 0 alone has read where the network comes from, so its digest holds for all.
  if (options.ranks != nullptr) trainer_options.config_digest = options.ranks->Broadcast(trainer_options.config_digest);
  const bool finished = found == RunDir::Found::kFinished;
  if (options.ranks == nullptr ? finished : options.ranks->Any(finished)[0]) {
    base::LogInfo("the run in " + options.out + " is complete");
    return {experiment.first() ? run_dir.ReadSummary() : base::Json(), true};
  }

  if (experiment.first()) LookAtClasses(experiment.data);
  LoadStart(experiment);
  std::unique_ptr<Ema> ema;
  if (const auto& ema_options = experiment.config.ema) {
    ema = std::make_unique<Ema>(experiment.network->StateDict(), ema_options->decay, ema_options->warmup);
  }
  std::unique_ptr<GradientReducer> reducer;
  if (options.ranks != nullptr && !trainer_options.update.graphs)
    reducer = std::make_unique<GradientReducer>(TrainedParameters(*experiment.network, *experiment.task), *options.ranks);
  data::Loader train_loader = experiment.MakeLoader(true);
  data::Loader validation_loader = experiment.MakeLoader(false);
  Evaluator evaluator(*experiment.task, *experiment.network, validation_loader, experiment.data.validation->size(),
                      experiment.config.precision, experiment.device, experiment.ranks);
  if (trainer_options.update.graphs) evaluator.ReplayPasses();
  const Schedule schedule(experiment.config.schedule, experiment.config.lr,
                          experiment.UpdatesPerEpoch(train_loader) * trainer_options.batch_size, trainer_options.epochs,
                          trainer_options.batch_size);
  Trainer trainer(trainer_options, {{*experiment.task, *experiment.network, *optimizer, ema.get(), options.ranks, reducer.get()},
                                    schedule,
                                    train_loader,
                                    evaluator,
                                    run_dir,
                                    experiment.config.precision,
                                    experiment.device});
  found == RunDir::Found::kNothing ? run_dir.Start(files) : run_dir.Continue();
  if (experiment.first()) {
    if (const std::optional<CheckpointFolder::Newest> newest = run_dir.checkpoints().LoadNewest()) {
      trainer.Resume(newest->checkpoint, newest->path);
      base::LogInfo(fmt::format("continuing after step {}", trainer.state().step));
    }
  }
  trainer.Share();
  Run(trainer, config.Section("train"));
  if (reducer) LogExchange(*reducer);
  // A session that found everything trained and scored has seen neither mistakes nor particulars.
  const bool seen = !trainer.particulars().is_null();
  if (!seen) evaluator.Run("report");
  if (!experiment.first()) return {};
  base::Json summary = Summarise(experiment, spec, data_name, trainer.state());
  summary.update(seen ? trainer.particulars() : evaluator.particulars());
  run_dir.Finish(summary, DrawFindings(seen ? trainer.findings() : evaluator.findings(), *experiment.data.validation));
  return {summary, false};
}

base::Json DescribeRun(const base::Config& config, const mad::NetworkSpec& spec, const RunOptions& options) {
  const Experiment experiment = PrepareTraining(config, spec, options);
  MakeOptimizer(experiment);
  config.GetString("name", spec.name);
  config.CheckAllRead();
  LookAtClasses(experiment.data);
  LoadStart(experiment);
  const TrainerOptions& trainer = experiment.config.trainer;
  const int64_t updates = experiment.UpdatesPerEpoch(experiment.MakeLoader(true));
  return {{"network", spec.name},
          {"train_images", experiment.data.train->size()},
          {"validation_images", experiment.data.validation->size()},
          {"classes", experiment.data.class_names().size()},
          {"epochs", trainer.epochs},
          {"updates", updates * trainer.epochs},
          {"samples", updates * trainer.epochs * trainer.batch_size},
          {"peak_lr", experiment.config.lr},
          {"protocol", experiment.Protocol()},
          {"metrics", MetricNames(experiment)},
          {"device", models::DescribeDevice(experiment.device)}};
}

int CountClasses(const base::Config& config) {
  return static_cast<int>(data::OpenDatasets(config.Section("data"), /*with_train=*/false).class_names().size());
}

base::Json ValidateRun(const base::Config& config, const mad::NetworkSpec& spec, const models::WeightsPlace& weights,
                       const RunOptions& options) {
  const Experiment experiment = Prepare(config, spec, options, /*with_train=*/false);
  MakeOptimizer(experiment);
  config.GetString("name", spec.name);
  config.CheckAllRead();
  const models::WeightsFile file = models::OpenWeights(weights);
  CheckSameClasses(file, experiment.data.class_names(), weights.file);
  models::LoadWeights(*experiment.network, file, models::HeadPolicy::kStrict, weights.file);
  const std::string digest = Digest(experiment.network->StateDict());
  if (options.ranks != nullptr) CheckAgreement("the weights", base::JsonLine({{"digest", digest}}), *options.ranks);
  data::Loader loader = experiment.MakeLoader(false);
  Evaluator evaluator(*experiment.task, *experiment.network, loader, experiment.data.validation->size(), experiment.config.precision,
                      experiment.device, experiment.ranks);
  if (options.batch_statistics) evaluator.UseBatchStatistics();
  if (experiment.config.trainer.update.graphs) evaluator.ReplayPasses();
  Stopwatch watch;
  const MetricValues metrics = evaluator.Run("validate");
  base::Json result = {{"metrics", MetricsJson(metrics)},
                       {"protocol", experiment.Protocol()},
                       {"weights", weights.file},
                       {"weights_digest", digest},
                       {"samples", experiment.data.validation->size()},
                       {"images_per_second", static_cast<double>(experiment.data.validation->size()) / watch.Lap()}};
  result.update(evaluator.particulars());
  return result;
}

}  // namespace deepmad::train
