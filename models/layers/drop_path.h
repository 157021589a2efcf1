// Stochastic depth (Huang et al., ECCV 2016): in training the main path of a residual branch is dropped at random for each sample, with a
// probability that grows with depth. Paths that stay are scaled up, so the expected value is unchanged.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "base/random.h"

namespace deepmad::models {

// The state of one network, shared by its units. Nothing is dropped in evaluation mode.
class DropPaths {
 public:
  explicit DropPaths(int spatial_dims) : spatial_dims_(spatial_dims) {}

  // Registers the next branch with a shortcut, in the order of the network, and returns its number.
  int AddBranch() { return branches_++; }

  // Sets the drop probability of the last branch, in [0, 1). Branch b of B gets the share b / (B - 1) of it.
  void SetRate(double rate) { rate_ = rate; }
  // Draws what the next batch of `samples` drops, in the order of branches and samples. Reuses the memory if the size is unchanged.
  void Draw(base::Random random, int64_t samples, at::Device device);
  void SetTraining(bool training) { training_ = training; }

  // Returns the factors of a main path, [N, 1, ..., 1] float32: 0, or 1 / (1 - drop probability). Undefined if nothing is dropped.
  at::Tensor Keep(int branch) const { return training_ && keep_.defined() ? keep_.select(0, branch) : at::Tensor(); }

 private:
  int spatial_dims_;
  int branches_ = 0;
  double rate_ = 0;
  bool training_ = false;
  at::Tensor keep_;  // [branches, N, 1, ..., 1]
};

}  // namespace deepmad::models
