// Stochastic depth (Huang et al., ECCV 2016): in training the main path of a residual branch is left out for a sample now and then, more
// often the deeper it lies; where it stays it is scaled up, so that the mean is kept.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "base/random.h"

namespace deepmad::models {

// Of one network; its units hold it together. In evaluation nothing is dropped.
class DropPaths {
 public:
  explicit DropPaths(int spatial_dims) : spatial_dims_(spatial_dims) {}

  // One more branch with a shortcut, in the order of the network; its number.
  int AddBranch() { return branches_++; }

  // Probability of the last branch, in [0, 1); branch b of B has b / (B - 1) of it.
  void SetRate(double rate) { rate_ = rate; }
  // What the next batches of `samples` lose, drawn in the order of branches and samples. Into the same memory as before where the size is.
  void Draw(base::Random random, int64_t samples, at::Device device);
  void SetTraining(bool training) { training_ = training; }

  // Factor of a main path, [N, 1, ..., 1] float32: 0, or 1 over the probability to stay. Undefined: nothing is dropped.
  at::Tensor Keep(int branch) const { return training_ && keep_.defined() ? keep_.select(0, branch) : at::Tensor(); }

 private:
  int spatial_dims_;
  int branches_ = 0;
  double rate_ = 0;
  bool training_ = false;
  at::Tensor keep_;  // [branches, N, 1, ..., 1]
};

}  // namespace deepmad::models
