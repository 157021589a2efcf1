// The blocks of models/norm/ on the processor: one block after another, and the threads of each in turn between two of its barriers.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <vector>

#include "models/norm/block_channels.h"
#include "models/norm/block_runner.h"
#include "models/norm/block_types.h"

namespace deepmad::models {

// In which order the threads come between two barriers: the result may not depend on it.
enum class ThreadOrder { kForward, kBackward, kScattered };

class HostBlock {
 public:
  HostBlock(uint32_t across, uint32_t down, ThreadOrder order, uint32_t bytes) : x(across), y(down), order_(order), memory_(bytes, 0xff) {}

  template <typename Work>
  void Each(const Work& work) const {
    for (uint32_t i = 0; i < kNormThreads; ++i) {
      work(order_ == ThreadOrder::kForward ? i : order_ == ThreadOrder::kBackward ? kNormThreads - 1 - i : i * 77 % kNormThreads);
    }
  }
  template <typename A>
  A* Shared(uint32_t count) {
    EXPECT_LE(count * sizeof(A), memory_.size());
    return reinterpret_cast<A*>(memory_.data());
  }

  uint32_t x, y;

 private:
  ThreadOrder order_;
  std::vector<unsigned char> memory_;  // at first not numbers
};

class HostBlocks : public BlockRunner {
 public:
  // Changes the work of a step, for a runner that is wrong.
  using Fault = std::function<void(NormStep, at::ScalarType, NormWork&)>;
  explicit HostBlocks(ThreadOrder order = ThreadOrder::kForward, Fault fault = {}) : order_(order), fault_(std::move(fault)) {}

  c10::DeviceType device_type() const override { return c10::DeviceType::CPU; }
  void Run(NormStep step, at::ScalarType type, int vector, const NormWork& work, at::Device) const override {
    NormWork given = work;
    if (fault_) fault_(step, type, given);
    ByTypeAndVector(type, vector, [&]<typename T, int kVector>() {
      switch (step) {
        case NormStep::kMoments:
          return RunGrid<NormStep::kMoments, T, kVector>(given);
        case NormStep::kMerge:
          return RunGrid<NormStep::kMerge, T, 1>(given);
        case NormStep::kRunning:
          return RunGrid<NormStep::kRunning, T, 1>(given);
        case NormStep::kForward:
          return RunGrid<NormStep::kForward, T, kVector>(given);
        case NormStep::kSums:
          return RunGrid<NormStep::kSums, T, kVector>(given);
        case NormStep::kGradients:
          return RunGrid<NormStep::kGradients, T, 1>(given);
        case NormStep::kBackward:
          return RunGrid<NormStep::kBackward, T, kVector>(given);
      }
    });
  }

 private:
  template <NormStep kStep, typename T, int kVector>
  void RunGrid(const NormWork& work) const {
    const NormGrid grid = GridOf(kStep, work.shape);
    for (uint32_t y = 0; y < grid.down; ++y) {
      for (uint32_t x = 0; x < grid.across; ++x) {
        HostBlock block(x, y, order_, kSharedBytes<T, kVector>);
        RunBlock<kStep, T, kVector>(block, work);
      }
    }
  }

  ThreadOrder order_;
  Fault fault_;
};

}  // namespace deepmad::models
