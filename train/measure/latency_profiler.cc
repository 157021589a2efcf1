#include "train/measure/latency_profiler.h"

#include <ATen/Parallel.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/randn.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <optional>

#include "base/build_info.h"
#include "base/error.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/random.h"
#include "base/stop_signal.h"
#include "mad/cost/profiling_networks.h"
#include "mad/cost/training_step_cost.h"
#include "mad/latency/latency_model.h"
#include "models/device/device.h"
#include "models/inference/inference_network.h"
#include "models/network/network.h"
#include "train/loop/update.h"
#include "train/numerics/quantile.h"
#include "train/numerics/stopwatch.h"
#include "train/run/runtime_setup.h"
#include "train/run/train_config.h"
#include "train/run/training_components.h"

namespace deepmad::train {
namespace {

constexpr size_t kTogether = 3;  // networks that are timed in turns, so that what disturbs the machine for a while spoils no single one
constexpr int kVisits = 5;       // of each of them
// The speed of a machine that is shared drifts by tens of percent within seconds: a pass of one and the same network beside each visit, the
// faster of two, tells what it was.
constexpr int kReferencePasses = 2;
constexpr double kInferenceShare = 0.65;  // of the seconds, where training is measured too

// A network with what runs it once.
struct Probe {
  mad::NetworkSpec spec;
  std::function<void(models::LayerClock*)> pass;
  std::optional<models::LayerClock> clock;
  std::vector<double> seconds;  // of whole passes
  std::vector<double> speeds;   // of the machine at each visit, 1 on average
};

// Seconds at the machine's usual speed.
mad::Spread Quartiles(std::vector<double> seconds, const std::vector<double>& speeds) {
  for (size_t i = 0; i < seconds.size(); ++i) seconds[i] *= speeds[i];
  return {1000 * Quantile(seconds, 0.25), 1000 * Quantile(seconds, 0.5), 1000 * Quantile(seconds, 0.75)};
}

struct Fitted {
  mad::NetworkSpec spec;
  double milliseconds;
};

base::Json FitJson(const char* work, const std::string& precision, int64_t batch, size_t layers, const std::vector<Fitted>& networks,
                   const std::function<double(const mad::NetworkSpec&)>& predict) {
  std::vector<double> errors;
  for (const Fitted& one : networks) errors.push_back(std::abs(predict(one.spec) / one.milliseconds - 1));
  return {{"work", work},
          {"precision", precision},
          {"batch", batch},
          {"networks", networks.size()},
          {"layers", layers},
          {"median_error", Quantile(errors, 0.5)},
          {"p90_error", Quantile(errors, 0.9)}};
}

class Profiler {
 public:
  Profiler(const ProfileOptions& options, const RunOptions& run)
      : options_(options),
        config_(base::Config::FromText("seed: 0\n", "profile")),
        train_(ReadTrainConfig(config_)),
        device_(StartSession(run, train_.precision)),
        timer_(models::NewTimer(device_)),
        types_(mad::ProbeTypes()),
        progress_({.label = "profile", .total = std::max<int64_t>(1, std::llround(1000 * options.seconds)), .unit = "ms"}) {}

  Profile Run() {
    const auto folded = std::make_shared<models::InferenceNetwork>(*MakeNetwork(mad::ReferenceNetwork(), train_, device_));
    reference_ = [folded, images = Images(folded->spec(), 1)] { folded->Forward(images); };
    Profile profile;
    profile.table.device = models::DescribeDevice(device_);
    profile.table.program = fmt::format("deepmad {} {}", base::Version(), base::GitRevision());
    profile.table.threads = at::get_num_threads();
    for (const int64_t side : options_.resolutions) profile.table.resolutions.push_back(static_cast<int>(side));
    const double share = !options_.training ? 1 : options_.inference ? kInferenceShare : 0;
    for (const std::string& precision : options_.precisions) {
      const double cases = static_cast<double>(options_.precisions.size());
      for (const int64_t batch : options_.batches) {
        if (!options_.inference) break;
        Inference(precision, batch, options_.seconds * share / (cases * static_cast<double>(options_.batches.size())), profile);
      }
      for (const int64_t batch : options_.training_batches) {
        if (!options_.training) break;
        Training(precision, batch, options_.seconds * (1 - share) / (cases * static_cast<double>(options_.training_batches.size())),
                 profile);
      }
    }
    progress_.Finish();
    return profile;
  }

 private:
  // Probes in groups until the time is over; then `add` gets each measured one.
  // Gives the usual milliseconds of a reference pass.
  double Measure(double seconds, const std::function<Probe(const mad::NetworkSpec&)>& make, bool with_layers,
                 const std::function<void(const Probe&)>& add) {
    const double end = Elapsed() + seconds;
    std::vector<Probe> probes;
    std::vector<double> references;
    uint64_t number = 0;
    while (number < types_.size() || Elapsed() < end) {
      std::vector<Probe> group;
      for (size_t i = 0; i < kTogether; ++i, ++number) {
        const int64_t side = options_.resolutions[(number / types_.size()) % options_.resolutions.size()];
        const base::Random random(options_.seed, base::RandomPurpose::kSearch, 3, number);
        group.push_back(make(mad::ProbeNetwork(types_[number % types_.size()], static_cast<int>(side), random)));
      }
      for (int visit = 0; visit < kVisits; ++visit) {
        for (Probe& probe : group) {
          Visit(probe, with_layers);
          references.push_back(ReferenceSeconds());
          probe.speeds.push_back(references.back());
        }
      }
      for (Probe& probe : group) probes.push_back({std::move(probe.spec), nullptr, std::move(probe.clock), probe.seconds, probe.speeds});
    }
    // A reference pass took this long most of the time.
    const double usual = Quantile(references, 0.5);
    for (Probe& probe : probes) {
      for (double& speed : probe.speeds) speed = usual / speed;
      add(probe);
    }
    return 1000 * usual;
  }

  // A pass of the reference network now.
  double ReferenceSeconds() {
    double least = 1e300;
    for (int i = 0; i < kReferencePasses; ++i) least = std::min(least, Seconds(reference_));
    return least;
  }

  // On a GPU of its queue, without what the host takes to see that it is empty.
  double Seconds(const std::function<void()>& pass) const {
    models::SynchronizeDevice(device_);
    if (timer_) {
      timer_->Mark();
      pass();
      timer_->Mark();
      return timer_->Seconds().front();
    }
    Stopwatch watch;
    pass();
    return watch.Lap();
  }

  // The first pass brings the weights back into the caches, as they are when a network runs by itself.
  void Visit(Probe& probe, bool with_layers) {
    if (base::StopRequested()) throw base::Error(base::ErrorKind::kStopped, "stopped by a signal", "profile", "start again");
    probe.pass(nullptr);
    if (with_layers) probe.pass(&*probe.clock);
    probe.seconds.push_back(Seconds([&] { probe.pass(nullptr); }));
    const auto done = std::llround(1000 * std::min(Elapsed(), options_.seconds));
    progress_.Update(done, fmt::format("{} {}", probe.spec.name, probe.spec.input.height));
  }

  double Elapsed() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }

  // As the loader delivers them.
  at::Tensor Images(const mad::NetworkSpec& spec, int64_t batch) const {
    return at::randn({batch, spec.input.channels, spec.input.height, spec.input.width}, at::TensorOptions(device_))
        .contiguous(at::MemoryFormat::ChannelsLast);
  }

  void Inference(const std::string& precision, int64_t batch, double seconds, Profile& profile) {
    mad::InferenceCase measured{precision, static_cast<int>(batch), 0, {}, {}};
    std::vector<Fitted> networks;
    const auto make = [&](const mad::NetworkSpec& spec) {
      const std::shared_ptr<models::Network> network = MakeNetwork(spec, train_, device_);
      const auto folded = std::make_shared<models::InferenceNetwork>(
          *network, models::InferenceOptions{.dtype = precision == "bfloat16" ? at::kBFloat16 : at::kFloat, .batch = batch});
      return Probe{spec,
                   [folded, images = Images(spec, batch)](models::LayerClock* clock) { folded->Forward(images, clock); },
                   models::LayerClock(device_),
                   {},
                   {}};
    };
    measured.reference_ms = Measure(seconds, make, /*with_layers=*/true, [&](const Probe& probe) {
      const std::vector<mad::LayerWork<double>> work = mad::NetworkWork(probe.spec);
      mad::PassMeasurement pass{Quartiles(probe.seconds, probe.speeds), 0, static_cast<int>(probe.seconds.size())};
      for (size_t i = 0; i < work.size(); ++i) {
        const std::vector<double>& times = probe.clock->layers()[i].seconds;
        measured.layers.push_back({work[i].shape, static_cast<int>(work[i].in), static_cast<int>(work[i].out),
                                   Quartiles(times, probe.speeds), static_cast<int>(times.size())});
        pass.layers += measured.layers.back().milliseconds.median;
      }
      measured.passes.push_back(pass);
      networks.push_back({probe.spec, pass.milliseconds.median});
    });
    profile.table.inference.push_back(measured);
    const mad::LatencyModel model(profile.table, precision, static_cast<int>(batch), "");
    profile.fits.push_back(FitJson("inference", precision, batch, measured.layers.size(), networks,
                                   [&](const mad::NetworkSpec& spec) { return model.Milliseconds(spec); }));
  }

  void Training(const std::string& precision, int64_t batch, double seconds, Profile& profile) {
    mad::TrainingCase measured{precision, static_cast<int>(batch), 0, {}};
    std::vector<Fitted> networks;
    PrecisionOptions numbers = train_.precision;
    numbers.autocast = precision == "bfloat16" ? std::optional(at::kBFloat16) : std::nullopt;
    const auto make = [&](const mad::NetworkSpec& spec) {
      const auto trial = std::make_shared<Trial>(config_, train_, numbers, spec, device_);
      const auto update =
          std::make_shared<Update>(UpdateOptions{.accumulate = 1, .clip_norm = std::nullopt}, trial->parts(), numbers, device_);
      const at::Tensor labels = at::randint(spec.head.classes, {batch}, at::TensorOptions(at::kLong).device(device_));
      return Probe{spec,
                   [this, trial, update, labels, images = Images(spec, batch)](models::LayerClock*) {
                     data::Batch data{images, labels, {}, {}};
                     update->Add(data, BatchPosition());
                     update->Finish(train_.lr);
                   },
                   std::nullopt,
                   {},
                   {}};
    };
    measured.reference_ms = Measure(seconds, make, /*with_layers=*/false, [&](const Probe& probe) {
      const mad::StepMeasurement step{mad::TrainingAmountsOf(probe.spec), Quartiles(probe.seconds, probe.speeds),
                                      static_cast<int>(probe.seconds.size())};
      measured.steps.push_back(step);
      networks.push_back({probe.spec, step.milliseconds.median});
    });
    profile.table.training.push_back(measured);
    const mad::StepModel model(measured);
    profile.fits.push_back(
        FitJson("training", precision, batch, 0, networks, [&](const mad::NetworkSpec& spec) { return model.Milliseconds(spec); }));
  }

  ProfileOptions options_;
  base::Config config_;
  TrainConfig train_;
  at::Device device_;
  std::unique_ptr<models::Timer> timer_;  // null on the CPU
  std::vector<std::string> types_;
  base::Progress progress_;
  std::function<void()> reference_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace

Profile MeasureProfile(const ProfileOptions& options, const RunOptions& run) { return Profiler(options, run).Run(); }

}  // namespace deepmad::train
