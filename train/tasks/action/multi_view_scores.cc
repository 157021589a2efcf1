#include "train/tasks/action/multi_view_scores.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/logsumexp.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace deepmad::train {

at::Tensor ViewLogits(models::Network& network, const at::Tensor& images, int64_t views_per_pass) {
  const at::Tensor views = images.flatten(0, 1);
  std::vector<at::Tensor> logits;
  for (int64_t begin = 0; begin < views.size(0); begin += views_per_pass) {
    const int64_t size = std::min(views_per_pass, views.size(0) - begin);
    logits.push_back(network.Forward(views.narrow(0, begin, size)).to(at::kFloat));
  }
  return at::cat(logits).cpu().unflatten(0, {images.size(0), images.size(1)});
}

at::Tensor LogScores(const at::Tensor& logits, bool of_probabilities) {
  const at::Tensor wide = logits.to(at::kDouble);
  if (!of_probabilities) return wide.mean(1);
  return at::logsumexp(at::log_softmax(wide, 2), {1}) - std::log(static_cast<double>(wide.size(1)));
}

}  // namespace deepmad::train
