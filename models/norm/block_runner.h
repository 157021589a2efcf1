// Who runs the steps of block_work.h on a kind of device. Code for one registers itself, as in models/device/device.h.
#pragma once

#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <memory>

#include "base/registry.h"
#include "models/norm/block_work.h"

namespace deepmad::models {

class BlockRunner {
 public:
  virtual ~BlockRunner() = default;
  virtual c10::DeviceType device_type() const = 0;
  // Queues one step on the device of its maps, whose type is float32, bfloat16, float16 or float64. `vector`: elements that a thread loads
  // at once, 1 or WidestVector of the type. Throws where it cannot be queued.
  virtual void Run(NormStep step, at::ScalarType type, int vector, const NormWork& work, at::Device device) const = 0;
};

// By the names of devices: "cuda".
using BlockRunnerRegistry = base::Registry<std::unique_ptr<BlockRunner>()>;

}  // namespace deepmad::models
