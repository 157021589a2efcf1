#include "models/layers/fused_norm.h"

#include <fmt/format.h>

#include <map>
#include <memory>
#include <string>

#include "base/error.h"
#include "base/log.h"
#include "models/device/device.h"
#include "models/norm/block_trial.h"

namespace deepmad::models {
namespace {

struct Tried {
  const BlockRunner* runner;
  std::string fault;  // empty: none
};

Tried Try(const BlockRunner* runner, at::Device device) {
  if (runner == nullptr) return {nullptr, "this program was built without kernels for it"};
  return {runner, FaultOf(*runner, device)};
}

// Warns of a fault, unless there are no kernels that could have one.
void Choose(FusedNorm wish, const Tried& tried, at::Device device, const char* where, bool warn, BatchNormSettings& settings) {
  settings.fused = wish != FusedNorm::kOff;
  settings.runner = nullptr;
  if (wish == FusedNorm::kOff) return;
  if (tried.fault.empty()) {
    settings.runner = tried.runner;
    return;
  }
  const std::string name = DescribeDevice(device);
  if (wish == FusedNorm::kOn) {
    throw base::UsageError(fmt::format("no fused batch norm on {}: {}", name, tried.fault), where, "use auto or off");
  }
  if (warn && tried.runner != nullptr) {
    base::LogWarning(fmt::format("the fused batch norm is left out on {}, the separate operations take its place: {}", name, tried.fault));
  }
}

const BlockRunner* CudaRunner() {
  static const std::unique_ptr<BlockRunner> runner =
      BlockRunnerRegistry::Get().Contains("cuda") ? BlockRunnerRegistry::Get().Create("cuda") : nullptr;
  return runner.get();
}

}  // namespace

void ChooseFusedNorm(FusedNorm wish, const BlockRunner* runner, at::Device device, const char* where, BatchNormSettings& settings) {
  const Tried tried = wish == FusedNorm::kOff ? Tried{runner, ""} : Try(runner, device);
  Choose(wish, tried, device, where, /*warn=*/true, settings);
}

void ChooseFusedNorm(FusedNorm wish, at::Device device, const char* where, BatchNormSettings& settings) {
  static std::map<int, Tried> tried;  // by the device's index
  if (device.is_cpu() || wish == FusedNorm::kOff) return Choose(wish, {nullptr, ""}, device, where, false, settings);
  const auto [it, first] = tried.try_emplace(device.index(), Tried{});
  if (first) it->second = Try(CudaRunner(), device);
  Choose(wish, it->second, device, where, /*warn=*/first, settings);
}

}  // namespace deepmad::models
