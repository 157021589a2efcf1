// Interface of the processes that train one network together, for its layers. train/distributed/rank_group.h implements it.
#pragma once

#include <ATen/core/Tensor.h>

namespace deepmad::models {

// REQUIRES: every rank makes the same calls in the same order. Operations on GPU tensors are ordered by the current stream.
class ProcessGroup {
 public:
  virtual ~ProcessGroup() = default;
  virtual int rank() const = 0;
  virtual int size() const = 0;
  // Sums the tensors of all ranks, in place. Shapes must be equal; the results are bit-identical on all ranks.
  virtual void Sum(at::Tensor tensor) const = 0;
  // Returns the tensors of all ranks, stacked to [size, ...]. REQUIRES: all have the same shape.
  virtual at::Tensor Gather(const at::Tensor& tensor) const = 0;
};

}  // namespace deepmad::models
