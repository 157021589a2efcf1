// Where a network runs, and what the machine says about it. Code for one kind of device registers itself, so a binary knows the kinds that
// were linked into it and nothing else changes.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/registry.h"

namespace deepmad::models {

struct DeviceMemory {
  int64_t current_bytes = 0;  // cpu: resident memory of the process; cuda: memory of this process's tensors
  int64_t peak_bytes = 0;     // since the start or the last ResetPeakMemory
  int64_t total_bytes = 0;    // of the machine or device
  int64_t free_bytes = 0;     // that new tensors could have
  // What the device's allocator has taken for tensors, gaps between them and its cache included, at most since the start or the last
  // ResetPeakMemory; 0 on the CPU, whose tensors have no allocator of their own.
  int64_t peak_reserved_bytes = 0;
};

// Identifies a device on any machine; all zeros: unknown.
using Uuid = std::array<uint8_t, 16>;

// Copies to a device beside the work that is queued on it.
class CopyQueue {
 public:
  virtual ~CopyQueue() = default;
  // Queues the copies that `copies` makes.
  virtual void Start(const std::function<void()>& copies) = 0;
  // Work queued from now on waits for them; it may use `made`, the tensors that they made.
  virtual void Join(const std::vector<at::Tensor>& made) = 0;
};

// The values of a tensor on their way to the processor.
class Readback {
 public:
  virtual ~Readback() = default;
  // The tensor on the CPU. Waits until the work that was queued before the readback began is done, and for nothing queued since.
  virtual at::Tensor Wait() = 0;
};

// Work that was recorded once and is repeated.
class Recording {
 public:
  virtual ~Recording() = default;
  virtual void Replay() = 0;
};

// A clock in the device's own queue, for times shorter than the host needs to wait for them.
class Timer {
 public:
  virtual ~Timer() = default;
  // Holds the queue back for some milliseconds, so that the host is ahead of it and the times are of the device's work alone.
  virtual void Hold() = 0;
  virtual void Mark() = 0;  // a point behind all that is queued
  // Between each two neighbouring marks since it was last asked; waits for the last one.
  virtual std::vector<double> Seconds() = 0;
};

// One kind of device. Indices run from 0 to Count() - 1.
class DeviceKind {
 public:
  virtual ~DeviceKind() = default;
  virtual int Count() const = 0;  // 0 where the machine has none or its driver does not answer
  virtual std::string Describe(int index) const = 0;
  virtual Uuid UuidOf(int index) const = 0;
  virtual void Synchronize(int index) const = 0;  // waits for the work queued on it
  virtual DeviceMemory Memory(int index) const = 0;
  virtual void ResetPeakMemory(int index) const = 0;
  virtual void ReleaseCachedMemory(int index) const = 0;
  virtual std::unique_ptr<CopyQueue> NewCopyQueue(int index) const = 0;
  virtual std::unique_ptr<Readback> StartReadback(const at::Tensor& tensor) const = 0;
  virtual std::unique_ptr<Timer> NewTimer(int index) const = 0;
  virtual std::optional<at::ScalarType> MixedFormat(int index) const = 0;
  virtual std::unique_ptr<Recording> Record(int index, std::function<void()> work) const = 0;
};

using DeviceRegistry = base::Registry<std::unique_ptr<DeviceKind>()>;

// "auto" (cuda:0 where there is one, else cpu), "cpu", "cuda" (cuda:0) or "cuda:1". UsageError for another name, and for a device that this
// build or this machine does not have.
at::Device ResolveDevice(const std::string& name);

// Of a device that ResolveDevice gave.
std::string DescribeDevice(at::Device device);  // "NVIDIA H200", "CPU, 2 threads, AVX2"
Uuid DeviceUuid(at::Device device);             // of a GPU or a part of one; zeros for the CPU
void SynchronizeDevice(at::Device device);
DeviceMemory MemoryOf(at::Device device);
void ResetPeakMemory(at::Device device);
void ReleaseCachedMemory(at::Device device);  // what the allocator keeps for later
// Null where tensors need no copy: on the CPU.
std::unique_ptr<CopyQueue> NewCopyQueue(at::Device device);
// Starts to copy a tensor to the processor, without waiting for the device.
std::unique_ptr<Readback> StartReadback(const at::Tensor& tensor);
// How many devices of a kind ("cpu", "cuda") this process sees; 0 for a kind that this build does not have.
int CountDevices(const std::string& kind);
// Null where work has ended when the call returns, so that any clock will do: on the CPU.
std::unique_ptr<Timer> NewTimer(at::Device device);
// The 16-bit type in which it multiplies faster than in float32 and that is the better one to train in; nullopt: none.
std::optional<at::ScalarType> MixedFormat(at::Device device);
// Makes `work`, which must do the same to the same memory each time and may not wait for the device, repeatable without the processor: a
// CUDA graph. It may run some times before this returns; on the CPU it does not, and Replay runs it as it is.
std::unique_ptr<Recording> Record(at::Device device, std::function<void()> work);

}  // namespace deepmad::models
