#include <ATen/Parallel.h>
#include <ATen/Version.h>

#include <fstream>
#include <utility>

#include "models/device/device.h"

namespace deepmad::models {
namespace {

// The number behind `key` in a file of /proc, in bytes; 0 where it is missing.
int64_t ProcBytes(const char* file, const std::string& key) {
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(key)) return std::stoll(line.substr(key.size())) * 1024;
  }
  return 0;
}

class RunAgain : public Recording {
 public:
  explicit RunAgain(std::function<void()> work) : work_(std::move(work)) {}
  void Replay() override { work_(); }

 private:
  std::function<void()> work_;
};

class NoCopy : public Readback {
 public:
  explicit NoCopy(at::Tensor tensor) : tensor_(std::move(tensor)) {}
  at::Tensor Wait() override { return tensor_; }

 private:
  at::Tensor tensor_;
};

class CpuDevice : public DeviceKind {
 public:
  int Count() const override { return 1; }
  std::string Describe(int) const override {
    return "CPU, " + std::to_string(at::get_num_threads()) + " threads, " + at::get_cpu_capability();
  }
  Uuid UuidOf(int) const override { return {}; }
  void Synchronize(int) const override {}  // operations on it end before they return
  DeviceMemory Memory(int) const override {
    return {ProcBytes("/proc/self/status", "VmRSS:"), ProcBytes("/proc/self/status", "VmHWM:"), ProcBytes("/proc/meminfo", "MemTotal:"),
            ProcBytes("/proc/meminfo", "MemAvailable:")};
  }
  void ResetPeakMemory(int) const override { std::ofstream("/proc/self/clear_refs") << '5'; }  // proc(5): resets VmHWM
  void ReleaseCachedMemory(int) const override {}
  std::unique_ptr<CopyQueue> NewCopyQueue(int) const override { return nullptr; }
  std::unique_ptr<Readback> StartReadback(const at::Tensor& tensor) const override { return std::make_unique<NoCopy>(tensor); }
  std::unique_ptr<Timer> NewTimer(int) const override { return nullptr; }
  // Some processors multiply bfloat16 faster, but the layers between gain nothing and the sums are coarser.
  std::optional<at::ScalarType> MixedFormat(int) const override { return std::nullopt; }
  std::unique_ptr<Recording> Record(int, std::function<void()> work) const override { return std::make_unique<RunAgain>(std::move(work)); }
};

DEEPMAD_REGISTER(DeviceRegistry, "cpu", "the processor", [] { return std::make_unique<CpuDevice>(); });

}  // namespace
}  // namespace deepmad::models
