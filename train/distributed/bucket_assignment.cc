#include "train/distributed/bucket_assignment.h"

#include <torch/csrc/distributed/c10d/reducer.hpp>

namespace deepmad::train {

std::vector<std::vector<size_t>> BucketsOf(const models::NamedTensors& parameters) {
  std::vector<at::Tensor> backwards;
  std::vector<int64_t> indices;
  for (size_t i = parameters.size(); i-- > 0;) {
    backwards.push_back(parameters[i].second);
    indices.push_back(static_cast<int64_t>(i));
  }
  return std::get<0>(c10d::compute_bucket_assignment_by_size(backwards, {kFirstBucketBytes, kBucketBytes}, {}, indices));
}

}  // namespace deepmad::train
