// The processes that train one network together, as its layers see them. train/rank_group.h makes one.
#pragma once

#include <ATen/core/Tensor.h>

namespace deepmad::models {

// Every rank must make the same calls in the same order. A tensor on a GPU is worked on in the order of its current stream.
class ProcessGroup {
 public:
  virtual ~ProcessGroup() = default;
  virtual int rank() const = 0;
  virtual int size() const = 0;
  // Adds up the tensors of all ranks, in place: the same shape everywhere before, the same bits after.
  virtual void Sum(at::Tensor tensor) const = 0;
  // [size, ...]: the tensors of all ranks, which have the same shape [...].
  virtual at::Tensor Gather(const at::Tensor& tensor) const = 0;
};

}  // namespace deepmad::models
