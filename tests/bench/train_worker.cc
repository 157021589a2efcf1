// Trains on request, for tests/bench/compare_steps.py: each line on stdin is a number of steps, answered by a JSON line with the seconds of
// each phase, the losses and the peak memory; "quit" ends it. The step is the trainer's own, on batches that are ready in the device's
// memory. The only waits for a GPU are around the steps of a line, so the phases are there what it takes to queue them.
//
//   train_worker --network FILE --batch N --precision float32|bfloat16|float16 --layout channels_last|contiguous --threads N
//                [--weights FILE --data FILE] [--device cpu] [--graphs 1]       without files: random weights and images
#include <ATen/Parallel.h>
#include <ATen/ops/div.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/sub.h>

#include <iostream>
#include <map>
#include <optional>

#include "base/config/config.h"
#include "base/json.h"
#include "mad/network/network_spec.h"
#include "models/device/device.h"
#include "models/network/init.h"
#include "models/network/network.h"
#include "models/weights/load.h"
#include "models/weights/safetensors.h"
#include "train/loop/update.h"
#include "train/numerics/precision.h"
#include "train/numerics/stopwatch.h"
#include "train/optimizers/optimizer.h"
#include "train/state/ema.h"
#include "train/tasks/task.h"

namespace deepmad {
namespace {

constexpr int64_t kBatches = 4;  // in the pool
constexpr double kRate = 0.001;

using Arguments = std::map<std::string, std::string>;

class Worker {
 public:
  explicit Worker(const Arguments& arguments)
      : batch_(std::stoll(arguments.at("--batch"))),
        device_(models::ResolveDevice(arguments.contains("--device") ? arguments.at("--device") : "cpu")) {
    at::set_num_threads(std::stoi(arguments.at("--threads")));
    if (arguments.at("--precision") == "bfloat16") precision_.autocast = at::kBFloat16;
    if (arguments.at("--precision") == "float16") precision_.autocast = at::kHalf;
    precision_.channels_last = arguments.at("--layout") == "channels_last";
    train::ApplyPrecision(precision_);
    network_ = models::BuildNetwork(mad::LoadNetwork(arguments.at("--network")));
    if (arguments.contains("--weights")) {
      models::LoadWeights(*network_, {arguments.at("--weights")}, models::HeadPolicy::kStrict);
      for (const auto& [name, tensor] : models::ReadSafetensors(arguments.at("--data")).tensors)
        (name == "images" ? images_ : labels_) = tensor.to(device_);
    } else {
      MakeState();
    }
    if (precision_.channels_last) network_->SetMemoryFormat(at::MemoryFormat::ChannelsLast);
    network_->to(device_);

    const base::Config config =
        base::Config::FromText("{task: {label_smoothing: 0.1}, optimizer: {momentum: 0.9, weight_decay: 2.0e-4}}", "worker");
    task_ = train::TaskRegistry::Get().Find("classification", "").factory(config.Section("task"), network_->spec().head.classes);
    models::NamedTensors parameters;
    for (const auto& named : network_->named_parameters()) parameters.emplace_back(named.key(), named.value());
    optimizer_ = train::OptimizerRegistry::Get().Find("sgd", "").factory(parameters, config.Section("optimizer"));
    ema_ = std::make_unique<train::Ema>(network_->StateDict(), 0.998, /*warmup=*/false);
    const bool graphs = arguments.contains("--graphs");
    if (graphs || precision_.autocast == at::kHalf || !device_.is_cpu())
      update_.emplace(train::UpdateOptions{.accumulate = 1, .clip_norm = {}, .graphs = graphs},
                      train::UpdateParts{*task_, *network_, *optimizer_, ema_.get()}, precision_, device_);
  }

  base::Json Run(int steps) {
    double data = 0, forward = 0, backward = 0, optimizer = 0;
    std::vector<at::Tensor> losses;
    models::SynchronizeDevice(device_);
    for (; steps > 0; --steps, ++step_) {
      train::Stopwatch watch;
      data::Batch batch = NextBatch();
      data += watch.Lap();
      if (update_) {
        update_->Add(batch, {0, 0, step_});
        update_->Finish(kRate);
        const train::UpdateSeconds phases = update_->TakeSeconds();
        forward += phases.forward;
        backward += phases.backward;
        optimizer += phases.optimizer;
        continue;
      }
      optimizer_->ZeroGrad();
      at::Tensor loss;
      {
        const train::AutocastGuard autocast(precision_, at::kCPU);
        loss = task_->Loss(*network_, batch, {0, 0, step_});
      }
      forward += watch.Lap();
      loss.backward();
      backward += watch.Lap();
      optimizer_->Step(kRate);
      ema_->Update();
      losses.push_back(loss.detach());
      optimizer += watch.Lap();
    }
    models::SynchronizeDevice(device_);
    base::Json values = base::Json::array();
    for (const at::Tensor& loss : losses) values.push_back(loss.item<double>());
    if (update_) values.push_back(update_->Report().loss);  // of the last step: asking for each would wait for it
    return {{"phases", {{"data", data}, {"forward", forward}, {"backward", backward}, {"optimizer", optimizer}}},
            {"losses", values},
            {"peak_bytes", models::MemoryOf(device_).peak_bytes}};
  }

 private:
  void MakeState() {
    models::Initialize(*network_, {}, /*seed=*/0);
    const mad::InputSpec& input = network_->spec().input;
    images_ =
        at::randint(256, {kBatches * batch_, input.channels, input.height, input.width}, at::TensorOptions(at::kByte).device(device_));
    labels_ = at::randint(network_->spec().head.classes, {kBatches * batch_}, at::TensorOptions(at::kLong).device(device_));
  }

  data::Batch NextBatch() const {
    const int64_t start = step_ % kBatches * batch_;
    const auto format = precision_.channels_last ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous;
    data::Batch batch;
    batch.images = images_.narrow(0, start, batch_).to(at::kFloat, false, false, format).div_(255).sub_(0.286).div_(0.353);
    batch.labels = labels_.narrow(0, start, batch_);
    return batch;
  }

  int64_t batch_;
  at::Device device_;
  train::PrecisionOptions precision_;
  std::shared_ptr<models::Network> network_;
  at::Tensor images_;  // [kBatches * N, C, H, W] uint8
  at::Tensor labels_;  // [kBatches * N] int64
  std::unique_ptr<train::Task> task_;
  std::unique_ptr<train::Optimizer> optimizer_;
  std::unique_ptr<train::Ema> ema_;
  std::optional<train::Update>
      update_;  // where a step is more than what eager torch does without being asked: loss scale, graphs; on a GPU
  int64_t step_ = 0;
};

int Main(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i + 1 < argc; i += 2) arguments[argv[i]] = argv[i + 1];
  Worker worker(arguments);
  std::cout << "{}" << std::endl;
  for (std::string line; std::getline(std::cin, line) && line != "quit";)
    std::cout << base::JsonLine(worker.Run(std::stoi(line))) << std::endl;
  return 0;
}

}  // namespace
}  // namespace deepmad

int main(int argc, char** argv) {
  try {
    return deepmad::Main(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "train_worker: " << error.what() << '\n';
    return 1;
  }
}
