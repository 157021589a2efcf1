#include "models/device/device.h"

#include <charconv>
#include <map>
#include <optional>
#include <utility>

#include "base/error.h"

namespace deepmad::base {
template <>
const char* models::DeviceRegistry::kind() {
  return "device";
}
}  // namespace deepmad::base

namespace deepmad::models {
namespace {

// Made once: counting devices may start a driver.
const DeviceKind* FindKind(const std::string& name) {
  static const std::map<std::string, std::unique_ptr<DeviceKind>> kinds = [] {
    std::map<std::string, std::unique_ptr<DeviceKind>> made;
    for (const std::string& known : DeviceRegistry::Get().Names()) made[known] = DeviceRegistry::Get().Create(known);
    return made;
  }();
  const auto it = kinds.find(name);
  return it == kinds.end() ? nullptr : it->second.get();
}

const DeviceKind& KindOf(at::Device device) { return *FindKind(device.is_cuda() ? "cuda" : "cpu"); }

int IndexOf(at::Device device) { return device.has_index() ? device.index() : 0; }

// "cuda:1" -> 1, "cuda" -> 0.
std::optional<int> CudaIndex(const std::string& name) {
  if (name == "cuda") return 0;
  if (!name.starts_with("cuda:")) return std::nullopt;
  int index = -1;
  const auto [end, error] = std::from_chars(name.data() + 5, name.data() + name.size(), index);
  if (error != std::errc() || end != name.data() + name.size() || index < 0) return std::nullopt;
  return index;
}

}  // namespace

at::Device ResolveDevice(const std::string& name) {
  const DeviceKind* cuda = FindKind("cuda");
  if (name == "cpu") return at::Device(at::kCPU);
  if (name == "auto") return cuda && cuda->Count() > 0 ? at::Device(at::kCUDA, 0) : at::Device(at::kCPU);

  const std::optional<int> index = CudaIndex(name);
  if (!index) throw base::UsageError("unknown device '" + name + "'", "--device", "use auto, cpu, cuda or cuda:INDEX");
  if (!cuda) throw base::UsageError("this program was built without CUDA", "--device " + name, "use the CUDA build, or --device cpu");
  const int count = cuda->Count();
  if (count == 0)
    throw base::UsageError("this machine has no usable CUDA device", "--device " + name, "check nvidia-smi, or use --device cpu");
  if (*index >= count) {
    throw base::UsageError("there is no CUDA device " + std::to_string(*index), "--device " + name,
                           "this machine has " + std::to_string(count) + ", counted from 0");
  }
  return at::Device(at::kCUDA, static_cast<at::DeviceIndex>(*index));
}

std::string DescribeDevice(at::Device device) { return KindOf(device).Describe(IndexOf(device)); }
Uuid DeviceUuid(at::Device device) { return KindOf(device).UuidOf(IndexOf(device)); }
void SynchronizeDevice(at::Device device) { KindOf(device).Synchronize(IndexOf(device)); }
DeviceMemory MemoryOf(at::Device device) { return KindOf(device).Memory(IndexOf(device)); }
void ResetPeakMemory(at::Device device) { KindOf(device).ResetPeakMemory(IndexOf(device)); }
void ReleaseCachedMemory(at::Device device) { KindOf(device).ReleaseCachedMemory(IndexOf(device)); }
std::unique_ptr<CopyQueue> NewCopyQueue(at::Device device) { return KindOf(device).NewCopyQueue(IndexOf(device)); }
std::unique_ptr<Readback> StartReadback(const at::Tensor& tensor) { return KindOf(tensor.device()).StartReadback(tensor); }
int CountDevices(const std::string& kind) {
  const DeviceKind* known = FindKind(kind);
  return known == nullptr ? 0 : known->Count();
}
std::unique_ptr<Timer> NewTimer(at::Device device) { return KindOf(device).NewTimer(IndexOf(device)); }
std::unique_ptr<Recording> Record(at::Device device, std::function<void()> work) {
  return KindOf(device).Record(IndexOf(device), std::move(work));
}
std::optional<at::ScalarType> MixedFormat(at::Device device) { return KindOf(device).MixedFormat(IndexOf(device)); }

}  // namespace deepmad::models
