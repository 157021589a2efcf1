// The mean of the ranks' gradients after the backward pass: for recorded passes, which cannot start an exchange from within and whose
// gradients have to stay in the same memory.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "models/layers/named_tensors.h"
#include "train/distributed/rank_group.h"

namespace deepmad::train {

class GradientBuckets {
 public:
  // Gives every parameter a gradient, 0, that is part of one of a few buffers: those of GradientReducer, in its order, so that both add in
  // the same order. `parameters` are the same on all ranks; `group` outlives this. The gradients are to be set to zero, never dropped.
  GradientBuckets(const models::NamedTensors& parameters, const RankGroup& group);

  // Puts the mean over the ranks into all gradients.
  void Average() const;

 private:
  const RankGroup& group_;
  std::vector<at::Tensor> buffers_;
};

}  // namespace deepmad::train
