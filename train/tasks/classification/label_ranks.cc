#include "train/tasks/classification/label_ranks.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>

#include <limits>

namespace deepmad::train {

at::Tensor LabelRanks(const at::Tensor& logits, const at::Tensor& labels) {
  const at::Tensor label = labels.unsqueeze(1);
  const at::Tensor own = logits.gather(1, label);
  const at::Tensor earlier_class = at::arange(logits.size(1), labels.options()).unsqueeze(0).lt(label);
  const at::Tensor before = logits.le(own).logical_not() | (earlier_class & logits.eq(own));
  return before.sum(1).masked_fill(own.squeeze(1).isnan(), std::numeric_limits<int64_t>::max());
}

}  // namespace deepmad::train
