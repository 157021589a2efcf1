// Which gradients travel together between ranks.
#pragma once

#include <cstddef>
#include <vector>

#include "models/layers/named_tensors.h"

namespace deepmad::train {

// The first is small, so that the exchange starts early in the backward pass; larger ones come at less cost a byte.
inline constexpr size_t kFirstBucketBytes = size_t{1} << 20, kBucketBytes = size_t{8} << 20;

// Indices of parameters, a list a bucket, in the order in which a backward pass reaches them: the last parameters first. Those of a bucket
// have one type.
std::vector<std::vector<size_t>> BucketsOf(const models::NamedTensors& parameters);

}  // namespace deepmad::train
