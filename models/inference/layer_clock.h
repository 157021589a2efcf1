// Time of each layer of a pass, for tables.
#pragma once

#include <c10/core/Device.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "models/device/device.h"

namespace deepmad::models {

struct LayerTime {
  std::string name;                  // as in the state_dict: "block_list.1.block_list.0.conv1.conv1"
  std::string kind;                  // "conv 3x3", "average pool"
  int64_t macs = 0;                  // of one pass
  std::vector<double> seconds = {};  // one a pass
};

// Given to a pass of an InferenceNetwork, which says when each of its layers is done. On a GPU these are marks in its queue, which are read
// when the pass is over: a wait around each layer would be longer than the layer.
class LayerClock {
 public:
  explicit LayerClock(at::Device device) : timer_(NewTimer(device)) {}

  void StartPass();
  // The layer that began where the last one ended is done.
  void Done(const std::string& name, const std::string& kind, int64_t macs);
  void EndPass();

  // In the order of the pass.
  const std::vector<LayerTime>& layers() const { return layers_; }

 private:
  std::unique_ptr<Timer> timer_;                // null on the CPU,
  std::chrono::steady_clock::time_point last_;  // which uses this
  size_t next_ = 0;
  std::vector<LayerTime> layers_;
};

}  // namespace deepmad::models
