// One load of a network's weights, timed and weighed: for tests/bench/load_weights.py.
//
//   bench_load_weights NETWORK.yaml --write FILE     random weights, as safetensors
//   bench_load_weights NETWORK.yaml FILE             a JSON line: seconds, and bytes of memory against those of the weights
#include <ATen/Parallel.h>

#include <cstdio>
#include <fstream>
#include <string>

#include "base/error.h"
#include "base/json.h"
#include "models/network/init.h"
#include "models/network/network.h"
#include "models/weights/load.h"
#include "models/weights/safetensors.h"
#include "train/numerics/stopwatch.h"

namespace deepmad {
namespace {

// "VmHWM" and the like, bytes.
int64_t MemoryOf(const std::string& name) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(name + ":")) return 1024 * std::stoll(line.substr(name.size() + 1));
  }
  throw base::FailedError("no " + name, "/proc/self/status");
}

void Write(const std::string& network_file, const std::string& path) {
  const auto network = models::BuildNetwork(mad::LoadNetwork(network_file));
  models::Initialize(*network, {}, 1);
  models::WriteSafetensors(path, network->StateDict(), {{"format", "pt"}});
}

void Load(const std::string& network_file, const std::string& path) {
  at::set_num_threads(1);
  const mad::NetworkSpec spec = mad::LoadNetwork(network_file);
  std::ofstream("/proc/self/clear_refs") << "5";  // the peak counts from here on
  const int64_t before = MemoryOf("VmRSS");
  train::Stopwatch watch;
  const auto network = models::BuildNetwork(spec);
  const double built = watch.Lap();
  models::LoadWeights(*network, {path}, models::HeadPolicy::kStrict);
  const double loaded = watch.Lap();
  int64_t bytes = 0;
  for (const auto& [name, tensor] : network->StateDict()) bytes += static_cast<int64_t>(tensor.nbytes());
  const int64_t peak = MemoryOf("VmHWM");
  const base::Json result = {{"network", spec.name},
                             {"weights_bytes", bytes},
                             {"before_bytes", before},
                             {"peak_bytes", peak},
                             {"peak_over_weights", static_cast<double>(peak - before) / static_cast<double>(bytes)},
                             {"build_seconds", built},
                             {"load_seconds", loaded}};
  std::puts(base::JsonLine(result).c_str());
}

}  // namespace
}  // namespace deepmad

int main(int argc, char** argv) {
  try {
    if (argc == 4 && std::string(argv[2]) == "--write") {
      deepmad::Write(argv[1], argv[3]);
    } else if (argc == 3) {
      deepmad::Load(argv[1], argv[2]);
    } else {
      std::fputs("usage: bench_load_weights NETWORK.yaml [--write] FILE\n", stderr);
      return 2;
    }
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_load_weights: %s\n", error.what());
    return 1;
  }
}
