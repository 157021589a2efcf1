#include "train/measure/benchmark.h"

#include <ATen/Parallel.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/randn.h>
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>

#include "base/error.h"
#include "base/log.h"
#include "base/stop_signal.h"
#include "mad/cost/network_cost.h"
#include "models/device/device.h"
#include "models/device/tensor_memory.h"
#include "models/inference/inference_network.h"
#include "models/network/init.h"
#include "models/network/network.h"
#include "train/loop/update.h"
#include "train/numerics/quantile.h"
#include "train/numerics/stopwatch.h"
#include "train/run/runtime_setup.h"
#include "train/run/train_config.h"
#include "train/run/training_components.h"

namespace deepmad::train {
namespace {

constexpr int kWarmUp = 2, kLeastBlocks = 5;
// Where work is queued: a GPU first raises its clock and its libraries choose their kernels; then a wait ends a block of passes, not each,
// so that the host is ahead of the device as in a run.
constexpr double kWarmUpSeconds = 0.5, kBlockSeconds = 0.1;

struct Case {
  std::string precision;
  int64_t batch;
};

struct Times {
  std::vector<double> seconds;  // of a pass, one value for each block of them
  int64_t passes = 0;
};

double BlockSeconds(int64_t passes, at::Device device, const std::function<void()>& pass) {
  if (base::StopRequested()) throw base::Error(base::ErrorKind::kStopped, "stopped by a signal", "bench", "start again");
  models::SynchronizeDevice(device);
  Stopwatch watch;
  for (int64_t i = 0; i < passes; ++i) pass();
  models::SynchronizeDevice(device);
  return watch.Lap();
}

// How many passes make a block, after those that warm up.
int64_t WarmUp(double seconds, at::Device device, const std::function<void()>& pass) {
  for (int i = 0; i < kWarmUp; ++i) pass();
  if (device.is_cpu()) return 1;
  int64_t passes = 1;
  double block = BlockSeconds(passes, device, pass);
  for (double total = block; total < std::min(seconds, kWarmUpSeconds); total += block) {
    if (block < kBlockSeconds) passes *= 2;
    block = BlockSeconds(passes, device, pass);
  }
  return passes;
}

Times Measure(double seconds, at::Device device, const std::function<void()>& pass) {
  const int64_t block = WarmUp(seconds, device, pass);
  Times times;
  double total = 0;
  while (total < seconds || times.seconds.size() < kLeastBlocks) {
    const double took = BlockSeconds(block, device, pass);
    times.seconds.push_back(took / static_cast<double>(block));
    times.passes += block;
    total += took;
  }
  return times;
}

// nullopt: float32.
std::optional<at::ScalarType> HalfFormat(const std::string& precision) {
  if (precision == "float32") return std::nullopt;
  return precision == "bfloat16" ? at::kBFloat16 : at::kHalf;
}

base::Json Milliseconds(const std::vector<double>& times) {
  return {{"median", 1000 * Quantile(times, 0.5)}, {"p10", 1000 * Quantile(times, 0.1)}, {"p90", 1000 * Quantile(times, 0.9)}};
}

base::Json CaseJson(const char* work, const Case& one, const Times& times) {
  return {{"work", work},
          {"precision", one.precision},
          {"batch", one.batch},
          {"passes", times.passes},
          {"milliseconds", Milliseconds(times.seconds)},
          {"images_per_second", static_cast<double>(one.batch) / Quantile(times.seconds, 0.5)}};
}

class Bench {
 public:
  Bench(const base::Config& config, const mad::NetworkSpec& spec, const BenchmarkOptions& options, const RunOptions& run)
      : config_(config), train_(ReadTrainConfig(config)), spec_(spec), options_(options), device_(StartSession(run, train_.precision)) {}

  at::Device device() const { return device_; }

  base::Json Inference(const Case& one) const {
    models::TensorMemory memory;
    const models::InferenceNetwork network = Folded(one);
    const int64_t weights = memory.current_bytes();
    const at::Tensor images = Images(one.batch);
    memory.ResetPeak();
    std::function<void()> pass = [&] { Run(network, images, nullptr); };
    std::unique_ptr<models::Recording> recording;
    if (options_.graphs) {
      recording = models::Record(device_, pass);
      pass = [&] { recording->Replay(); };
    }
    const Times times = Measure(options_.seconds, device_, pass);
    base::Json json = CaseJson("inference", one, times);
    json["gmacs_per_second"] = json["images_per_second"].get<double>() * mad::Cost(spec_).macs / 1e9;
    json["weight_bytes"] = weights;
    json["tensor_bytes"] = memory.peak_bytes();
    return json;
  }

  base::Json Training(const Case& one) const {
    models::TensorMemory memory;
    PrecisionOptions precision = train_.precision;
    precision.autocast = HalfFormat(one.precision);
    Trial trial(config_, train_, precision, spec_, device_);
    Update update({.accumulate = 1, .clip_norm = train_.trainer.update.clip_norm, .graphs = options_.graphs}, trial.parts(), precision,
                  device_);
    const at::Tensor images = Images(one.batch);
    const at::Tensor labels = at::randint(spec_.head.classes, {one.batch}, at::TensorOptions(at::kLong).device(device_));

    std::vector<double> forward, backward, step;
    BatchPosition position;
    const Times times = Measure(options_.seconds, device_, [&] {
      data::Batch batch{images, labels, {}, {}};
      update.Add(batch, position);
      update.Finish(train_.lr);
      ++position.batch;
      const UpdateSeconds phases = update.TakeSeconds();
      forward.push_back(1000 * phases.forward);
      backward.push_back(1000 * phases.backward);
      step.push_back(1000 * phases.optimizer);
    });
    base::Json json = CaseJson("training", one, times);
    for (std::vector<double>* phase : {&forward, &backward, &step})
      phase->erase(phase->begin(), phase->end() - times.passes);  // those that warmed up
    json["phases_ms"] = {{"forward", Quantile(forward, 0.5)}, {"backward", Quantile(backward, 0.5)}, {"optimizer", Quantile(step, 0.5)}};
    json["tensor_bytes"] = memory.peak_bytes();
    return json;
  }

  base::Json Layers(const Case& one) const {
    const models::InferenceNetwork network = Folded(one);
    const at::Tensor images = Images(one.batch);
    for (int i = 0; i < kWarmUp; ++i) Run(network, images, nullptr);
    models::LayerClock clock(device_);
    Measure(options_.seconds, device_, [&] { Run(network, images, &clock); });
    double total = 0;
    for (const models::LayerTime& layer : clock.layers()) total += Quantile(layer.seconds, 0.5);
    base::Json rows = base::Json::array();
    for (const models::LayerTime& layer : clock.layers()) {
      const double seconds = Quantile(layer.seconds, 0.5);
      rows.push_back({{"name", layer.name},
                      {"kind", layer.kind},
                      {"milliseconds", 1000 * seconds},
                      {"share", seconds / total},
                      {"macs", layer.macs / one.batch},
                      {"gmacs_per_second", static_cast<double>(layer.macs) / seconds / 1e9}});
    }
    return {{"batch", one.batch}, {"precision", one.precision}, {"rows", rows}};
  }

 private:
  models::InferenceNetwork Folded(const Case& one) const {
    const std::shared_ptr<models::Network> network = MakeNetwork(spec_, train_, device_);
    return models::InferenceNetwork(*network, {.dtype = HalfFormat(one.precision).value_or(at::kFloat), .batch = one.batch});
  }

  void Run(const models::InferenceNetwork& network, const at::Tensor& images, models::LayerClock* clock) const {
    if (spec_.head.IsClassifier()) {
      network.Forward(images, clock);
    } else {
      network.ForwardFeatures(images, clock);
    }
  }

  // As the loader delivers them: normalised float32 in channels_last.
  at::Tensor Images(int64_t batch) const {
    std::vector<int64_t> shape = {batch, spec_.input.channels, spec_.input.height, spec_.input.width};
    const bool in_time = spec_.SpatialDims() == 3;
    if (in_time) shape.insert(shape.begin() + 2, spec_.input.frames);
    return at::randn(shape, at::TensorOptions(device_))
        .contiguous(in_time ? at::MemoryFormat::ChannelsLast3d : at::MemoryFormat::ChannelsLast);
  }

  const base::Config& config_;
  TrainConfig train_;
  mad::NetworkSpec spec_;
  BenchmarkOptions options_;
  at::Device device_;
};

}  // namespace

bool CanTrain(const base::Config& config, const mad::NetworkSpec& spec) {
  return spec.head.IsClassifier() && !spec.Quantised() && MakeTask(config, spec.head.classes)->labels() == data::LabelKind::kWhole;
}

base::Json Benchmark(const base::Config& config, const mad::NetworkSpec& spec, const BenchmarkOptions& benchmark,
                     const RunOptions& options) {
  if (spec.head.IsDense()) {
    throw base::UsageError(fmt::format("bench does not measure a head of type {}", spec.head.type), "",
                           "give the network a head {type: features} to measure its backbone");
  }
  if (benchmark.training && !CanTrain(config, spec)) {
    throw base::UsageError(fmt::format("no update of network '{}' to measure: it {}", spec.name,
                                       spec.Quantised()           ? "is quantised"
                                       : spec.head.IsClassifier() ? "is trained on videos"
                                                                  : "gives features and has no classifier"),
                           "", "give --work inference");
  }
  if (benchmark.training && benchmark.graphs && dynamic_cast<const ReplayableTask*>(MakeTask(config, spec.head.classes).get()) == nullptr) {
    throw base::UsageError(fmt::format("an update of task '{}' cannot be recorded", TaskName(config)), "--graphs", "leave it out");
  }
  const Bench bench(config, spec, benchmark, options);
  const mad::NetworkCost cost = mad::Cost(spec);
  base::Json cases = base::Json::array();
  const auto add = [&](base::Json json) {
    base::LogInfo(fmt::format("{} {} batch {}: {:.3f} ms", json["work"].get<std::string>(), json["precision"].get<std::string>(),
                              json["batch"].get<int64_t>(), json["milliseconds"]["median"].get<double>()));
    cases.push_back(std::move(json));
  };
  for (const std::string& precision : benchmark.precisions) {
    for (const int64_t batch : benchmark.batches) {
      if (benchmark.inference) add(bench.Inference({precision, batch}));
    }
  }
  for (const std::string& precision : benchmark.precisions) {
    for (const int64_t batch : benchmark.batches) {
      if (benchmark.training) add(bench.Training({precision, batch}));
    }
  }
  base::Json document = {{"network", spec.name},
                         {"device", models::DescribeDevice(bench.device())},
                         {"threads", at::get_num_threads()},
                         {"graphs", benchmark.graphs},
                         {"macs", cost.macs},
                         {"params", cost.params},
                         {"cases", cases}};
  if (benchmark.layers) document["layers"] = bench.Layers({benchmark.precisions.front(), *std::ranges::max_element(benchmark.batches)});
  document["peak_resident_bytes"] = models::MemoryOf(at::kCPU).peak_bytes;
  return document;
}

}  // namespace deepmad::train
