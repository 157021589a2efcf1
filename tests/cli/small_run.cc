#include "tests/cli/small_run.h"

#include <cstdlib>

namespace deepmad::cli {
namespace {

constexpr char kNetwork[] = R"(version: 1
name: small
input: {channels: 3, height: 16, width: 16}
blocks:
  - {type: conv, stride: 2, out_channels: 8}
  - {type: basic, depth: 1, stride: 2, bottleneck_channels: 8, out_channels: 16}
head: {classes: 4}
)";

constexpr char kRun[] = R"(version: 1
name: small
seed: 3
network: network.yaml
task: {name: classification, mixup: 0.2, label_smoothing: 0.1}
data: {name: synthetic, image_size: 16, classes: 4, height: 20, width: 18, samples: 384, validation_samples: 800, workers: 1}
train:
  epochs: 3
  batch_size: 64
  ema: {decay: 0.9}
  precision: bfloat16
  deterministic: true
  checkpoint_every_steps: 3
  log_every_steps: 1
validate: {batch_size: 16}
)";

}  // namespace

SmallRun::SmallRun() : network_file_(folder_.Write("network.yaml", kNetwork)), run_file_(folder_.Write("run.yaml", kRun)) {}

std::vector<std::string> SmallRun::Words(const std::string& out, const std::vector<std::string>& overrides) const {
  std::vector<std::string> words = {"train", run_file_, "--out", out, "--quiet", "--json", "--device", "cpu", "--threads", "1"};
  words.insert(words.end(), overrides.begin(), overrides.end());
  return words;
}

Outcome SmallRun::Train(const std::string& out, const std::vector<std::string>& overrides,
                        const std::vector<std::string>& environment) const {
  return Deepmad(Words(out, overrides), environment);
}

int Effort(const char* variable, int fallback) {
  const char* value = std::getenv(variable);
  return value == nullptr ? fallback : std::atoi(value);
}

}  // namespace deepmad::cli
