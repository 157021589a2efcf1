// Times passes of networks in turns, for tests/bench/latency_targets.py: latency_worker THREADS SECONDS NETWORK.yaml..., at batch 1 in
// float32. One JSON line: for the reference network and each of the others the median of every turn, in milliseconds.
#include <ATen/Parallel.h>
#include <ATen/ops/randn.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/json.h"
#include "mad/cost/profiling_networks.h"
#include "mad/network/network_spec.h"
#include "models/inference/inference_network.h"
#include "models/network/init.h"
#include "models/network/network.h"

namespace deepmad {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kTurnSeconds = 0.1;

double SecondsSince(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

class Timed {
 public:
  explicit Timed(const mad::NetworkSpec& spec)
      : images_(at::randn({1, spec.input.channels, spec.input.height, spec.input.width}).contiguous(at::MemoryFormat::ChannelsLast)) {
    const std::shared_ptr<models::Network> network = models::BuildNetwork(spec);
    models::Initialize(*network, {}, 0);
    folded_ = std::make_unique<models::InferenceNetwork>(*network);
  }

  // After a pass that brings the weights into the caches.
  void Turn() {
    Pass();
    std::vector<double> times;
    const Clock::time_point start = Clock::now();
    while (SecondsSince(start) < kTurnSeconds || times.size() < 2) times.push_back(Pass());
    std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2), times.end());
    turns_.push_back(1000 * times[times.size() / 2]);
  }
  const std::vector<double>& turns() const { return turns_; }

 private:
  double Pass() const {
    const Clock::time_point start = Clock::now();
    if (folded_->spec().head.IsClassifier()) {
      folded_->Forward(images_);
    } else {
      folded_->ForwardFeatures(images_);
    }
    return SecondsSince(start);
  }

  at::Tensor images_;
  std::unique_ptr<models::InferenceNetwork> folded_;
  std::vector<double> turns_;
};

int Main(int argc, char** argv) {
  if (argc < 4) throw std::invalid_argument("usage: latency_worker THREADS SECONDS NETWORK.yaml...");
  at::set_num_threads(std::stoi(argv[1]));
  const double seconds = std::stod(argv[2]);
  std::vector<Timed> networks;
  networks.emplace_back(mad::ReferenceNetwork());
  for (int i = 3; i < argc; ++i) networks.emplace_back(mad::LoadNetwork(argv[i]));
  const Clock::time_point start = Clock::now();
  while (SecondsSince(start) < seconds || networks.front().turns().size() < 3) {
    for (Timed& network : networks) network.Turn();
  }
  base::Json turns = base::Json::array();
  for (const Timed& network : networks) turns.push_back(network.turns());
  std::cout << base::JsonLine(turns) << std::endl;
  return 0;
}

}  // namespace
}  // namespace deepmad

int main(int argc, char** argv) {
  try {
    return deepmad::Main(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "latency_worker: " << error.what() << '\n';
    return 1;
  }
}
