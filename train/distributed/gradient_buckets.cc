#include "train/distributed/gradient_buckets.h"

#include <ATen/ops/zeros.h>

#include "train/distributed/bucket_assignment.h"

namespace deepmad::train {
namespace {

// Part of a flat buffer with the shape of the parameter and its order of elements.
at::Tensor GradientIn(const at::Tensor& buffer, int64_t begin, const at::Tensor& parameter) {
  if (parameter.is_non_overlapping_and_dense()) return buffer.as_strided(parameter.sizes(), parameter.strides(), begin);
  return buffer.narrow(0, begin, parameter.numel()).view(parameter.sizes());
}

}  // namespace

GradientBuckets::GradientBuckets(const models::NamedTensors& parameters, const RankGroup& group) : group_(group) {
  for (const std::vector<size_t>& bucket : BucketsOf(parameters)) {
    int64_t size = 0;
    for (const size_t i : bucket) size += parameters[i].second.numel();
    const at::Tensor buffer = at::zeros({size}, parameters[bucket.front()].second.options().requires_grad(false));
    int64_t begin = 0;
    for (const size_t i : bucket) {
      const at::Tensor& parameter = parameters[i].second;
      parameter.mutable_grad() = GradientIn(buffer, begin, parameter);
      begin += parameter.numel();
    }
    buffers_.push_back(buffer);
  }
}

void GradientBuckets::Average() const {
  for (const at::Tensor& buffer : buffers_) {
    buffer.mul_(1.0 / group_.size());
    group_.Sum(buffer);
  }
}

}  // namespace deepmad::train
