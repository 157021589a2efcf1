// The mean of the ranks' gradients, exchanged while the backward pass still works on the earlier layers: c10d::Reducer behind one file.
#pragma once

#include <cstdint>
#include <memory>

#include "train/named_tensors.h"
#include "train/rank_group.h"

namespace deepmad::train {

// Means over the sampled updates (the first ten, then every hundredth).
struct ReductionTimes {
  double backward_seconds = 0;       // from the start of the backward pass to the last gradient
  double communication_seconds = 0;  // from the first exchange to the end of the last one
  double overlap_seconds = 0;        // of these, before the last gradient was there
};

class GradientReducer {
 public:
  // `parameters` are those that every backward pass gives a gradient, the same on all ranks; `group` outlives the reducer.
  GradientReducer(const NamedTensors& parameters, const RankGroup& group);
  ~GradientReducer();
  GradientReducer(const GradientReducer&) = delete;
  GradientReducer& operator=(const GradientReducer&) = delete;

  // Before the forward pass and, with its loss, before the backward pass whose end is to find the mean of all ranks' accumulated
  // gradients in the parameters. Backward passes without these calls only add to this rank's own.
  void PrepareForward();
  void PrepareBackward(const at::Tensor& loss);

  int64_t bytes() const { return bytes_; }  // of the gradients, exchanged once an update
  int64_t buckets() const { return buckets_; }
  ReductionTimes Times() const;

 private:
  struct Engine;
  std::unique_ptr<Engine> engine_;
  int64_t bytes_ = 0;
  int64_t buckets_ = 0;
};

}  // namespace deepmad::train
