// Averages gradients over the ranks. Communication overlaps with the backward pass. Wraps c10d::Reducer.
#pragma once

#include <cstdint>
#include <memory>

#include "models/layers/named_tensors.h"
#include "train/distributed/rank_group.h"

namespace deepmad::train {

// Mean times per update, sampled at the first ten updates and every hundredth after them.
struct ReductionTimes {
  double backward_seconds = 0;       // from the start of the backward pass to the last gradient
  double communication_seconds = 0;  // from the first exchange to the end of the last one
  double overlap_seconds = 0;        // the part of the communication that lies before the last gradient
};

class GradientReducer {
 public:
  // REQUIRES: every backward pass gives each of `parameters` a gradient; the list is the same on all ranks; `group` outlives the reducer.
  GradientReducer(const models::NamedTensors& parameters, const RankGroup& group);
  ~GradientReducer();
  GradientReducer(const GradientReducer&) = delete;
  GradientReducer& operator=(const GradientReducer&) = delete;

  // Call both around the last micro-batch of an update: PrepareForward() before its forward pass, PrepareBackward() with its loss before
  // its backward pass. That backward pass then leaves the mean over the ranks of the accumulated gradients in the parameters. Backward
  // passes without these calls only accumulate on this rank.
  void PrepareForward();
  void PrepareBackward(const at::Tensor& loss);

  int64_t bytes() const { return bytes_; }  // size of all gradients, which are exchanged once per update
  int64_t buckets() const { return buckets_; }
  ReductionTimes Times() const;

 private:
  struct Engine;
  std::unique_ptr<Engine> engine_;
  int64_t bytes_ = 0;
  int64_t buckets_ = 0;
};

}  // namespace deepmad::train
