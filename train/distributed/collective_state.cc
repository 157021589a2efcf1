#include "train/distributed/collective_state.h"

#include <ATen/ops/_foreach_copy.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/stack.h>
#include <c10/core/GradMode.h>

#include <vector>

namespace deepmad::train {

void AverageStatistics(const std::vector<at::Tensor>& statistics, const RankGroup& ranks) {
  const c10::AutoGradMode no_grad(false);
  std::vector<at::Tensor> flat;
  for (const at::Tensor& tensor : statistics) flat.push_back(tensor.reshape(-1));
  if (flat.empty()) return;
  const at::Tensor all = at::cat(flat);
  ranks.Sum(all);
  all.div_(ranks.size());
  std::vector<at::Tensor> means;
  int64_t begin = 0;
  for (const at::Tensor& tensor : statistics) {
    means.push_back(all.narrow(0, begin, tensor.numel()).view(tensor.sizes()));
    begin += tensor.numel();
  }
  at::_foreach_copy_(statistics, means);
}

SharedStatus ShareStatus(const at::Tensor& loss, bool stop, const RankGroup& ranks) {
  const at::Tensor own = loss.detach().to(at::kDouble);
  const at::Tensor status = at::stack({own, at::full_like(own, stop ? 1.0 : 0.0)});
  ranks.Sum(status);
  return {status[0] / ranks.size(), status[1]};
}

}  // namespace deepmad::train
