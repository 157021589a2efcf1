// Time of each layer of a pass, for tables.
#pragma once

#include <c10/core/Device.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace deepmad::models {

struct LayerTime {
  std::string name;                  // as in the state_dict: "block_list.1.block_list.0.conv1.conv1"
  std::string kind;                  // "conv 3x3", "average pool"
  int64_t macs = 0;                  // of one pass
  std::vector<double> seconds = {};  // one a pass
};

// Given to a pass of an InferenceNetwork, which says when each of its layers is done.
class LayerClock {
 public:
  explicit LayerClock(at::Device device) : device_(device) {}

  void StartPass();
  // The layer that began where the last one ended is done.
  void Done(const std::string& name, const std::string& kind, int64_t macs);

  // In the order of the pass.
  const std::vector<LayerTime>& layers() const { return layers_; }

 private:
  at::Device device_;
  std::chrono::steady_clock::time_point last_;
  size_t next_ = 0;
  std::vector<LayerTime> layers_;
};

}  // namespace deepmad::models
