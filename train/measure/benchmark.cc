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

constexpr int kWarmUp = 2, kLeastPasses = 5;

struct Case {
  std::string precision;
  int64_t batch;
};

// Seconds of each pass.
std::vector<double> Measure(double seconds, at::Device device, const std::function<void()>& pass) {
  std::vector<double> times;
  double total = 0;
  for (int i = 0; i < kWarmUp; ++i) pass();
  while (total < seconds || times.size() < kLeastPasses) {
    if (base::StopRequested()) throw base::Error(base::ErrorKind::kStopped, "stopped by a signal", "bench", "start again");
    models::SynchronizeDevice(device);
    Stopwatch watch;
    pass();
    models::SynchronizeDevice(device);
    times.push_back(watch.Lap());
    total += times.back();
  }
  return times;
}

base::Json Milliseconds(const std::vector<double>& times) {
  return {{"median", 1000 * Quantile(times, 0.5)}, {"p10", 1000 * Quantile(times, 0.1)}, {"p90", 1000 * Quantile(times, 0.9)}};
}

base::Json CaseJson(const char* work, const Case& one, const std::vector<double>& times) {
  return {{"work", work},
          {"precision", one.precision},
          {"batch", one.batch},
          {"passes", times.size()},
          {"milliseconds", Milliseconds(times)},
          {"images_per_second", static_cast<double>(one.batch) / Quantile(times, 0.5)}};
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
    const auto pass = [&] { Run(network, images, nullptr); };
    memory.ResetPeak();
    const std::vector<double> times = Measure(options_.seconds, device_, pass);
    base::Json json = CaseJson("inference", one, times);
    json["gmacs_per_second"] = json["images_per_second"].get<double>() * mad::Cost(spec_).macs / 1e9;
    json["weight_bytes"] = weights;
    json["tensor_bytes"] = memory.peak_bytes();
    return json;
  }

  base::Json Training(const Case& one) const {
    models::TensorMemory memory;
    PrecisionOptions precision = train_.precision;
    precision.autocast = one.precision == "bfloat16" ? std::optional(at::kBFloat16) : std::nullopt;
    Trial trial(config_, train_, precision, spec_, device_);
    Update update({.accumulate = 1, .clip_norm = train_.trainer.update.clip_norm}, trial.parts(), precision, device_);
    const at::Tensor images = Images(one.batch);
    const at::Tensor labels = at::randint(spec_.head.classes, {one.batch}, at::TensorOptions(at::kLong).device(device_));

    std::vector<double> forward, backward, step;
    BatchPosition position;
    const std::vector<double> times = Measure(options_.seconds, device_, [&] {
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
    for (std::vector<double>* phase : {&forward, &backward, &step}) phase->erase(phase->begin(), phase->begin() + kWarmUp);
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
    return models::InferenceNetwork(*network, {.dtype = one.precision == "bfloat16" ? at::kBFloat16 : at::kFloat, .batch = one.batch});
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
                         {"macs", cost.macs},
                         {"params", cost.params},
                         {"cases", cases}};
  if (benchmark.layers) document["layers"] = bench.Layers({benchmark.precisions.front(), *std::ranges::max_element(benchmark.batches)});
  document["peak_resident_bytes"] = models::MemoryOf(at::kCPU).peak_bytes;
  return document;
}

}  // namespace deepmad::train
