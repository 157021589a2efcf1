// The fused norm, alone and over the ranks of a group of one, against the separate operations.
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <vector>

#include "models/layers/sync_batch_norm.h"
#include "models/norm/norm_act.h"
#include "tests/free_port.h"
#include "tests/gpu/test_device.h"
#include "train/distributed/rank_group.h"

namespace deepmad::models {
namespace {

struct Case {
  std::vector<int64_t> shape;
  bool training, relu, residual;
};

std::vector<Case> Cases(bool with_evaluation) {
  std::vector<Case> cases;
  for (const std::vector<int64_t>& shape :
       std::vector<std::vector<int64_t>>{{4, 3, 5, 7}, {2, 64, 9, 9}, {3, 130, 4, 5}, {5, 16, 1, 1}, {2, 6, 3, 4, 5}}) {
    for (const bool relu : {true, false}) {
      for (const bool residual : {true, false}) {
        cases.push_back({shape, true, relu, residual});
        if (with_evaluation) cases.push_back({shape, false, relu, residual});
      }
    }
  }
  return cases;
}

// Output, running statistics and gradients of x, weight, bias and the residual.
std::vector<at::Tensor> PassOf(const Case& of, const std::function<at::Tensor(const at::Tensor&, at::ScalarType)>& place,
                               at::ScalarType type,
                               const std::function<at::Tensor(const at::Tensor&, const NormArguments&, const NormTail&)>& operation) {
  const int64_t channels = of.shape[1];
  const auto map = [&](uint64_t key) { return place(ExactValues(key, of.shape, 1.5, 0.25), type); };
  const auto vector = [&](uint64_t key, double scale, double offset) { return place(ExactValues(key, {channels}, scale, offset), type); };
  const at::Tensor x = map(1).set_requires_grad(true);
  const at::Tensor residual = of.residual ? map(2).set_requires_grad(true) : at::Tensor();
  const NormArguments norm{vector(3, 0.7, 0.4).set_requires_grad(true),
                           vector(4, 0.5, 0).set_requires_grad(true),
                           vector(5, 0.5, 0),
                           vector(6, 0.4, 1),
                           of.training,
                           0.1,
                           1e-5};
  const at::Tensor y = operation(x, norm, {residual, of.relu});
  y.backward(map(7));
  std::vector<at::Tensor> result = {y, norm.running_mean, norm.running_var, x.grad(), norm.weight.grad(), norm.bias.grad()};
  if (of.residual) result.push_back(residual.grad());
  return result;
}

void ExpectAsOnTheCpu(bool with_evaluation,
                      const std::function<at::Tensor(const at::Tensor&, const NormArguments&, const NormTail&)>& operation) {
  const auto stay = [](const at::Tensor& values, at::ScalarType) { return values; };
  for (const Case& of : Cases(with_evaluation)) {
    const std::vector<at::Tensor> expected = PassOf(of, stay, at::kDouble, NormActByOperations);
    for (const at::ScalarType type : kComparedTypes) {
      const std::vector<at::Tensor> actual = PassOf(of, OnDevice, type, operation);
      for (size_t i = 0; i < actual.size(); ++i) {
        ExpectClose(actual[i], expected[i], "tensor " + std::to_string(i) + " of a map of " + std::to_string(of.shape[1]) + " channels");
      }
    }
  }
}

TEST(NormActOnDevice, EqualsTheSeparateOperationsOnTheCpu) { ExpectAsOnTheCpu(/*with_evaluation=*/true, NormAct); }

TEST(SyncBatchNormOnDevice, OfOneRankEqualsTheSeparateOperationsOnTheCpu) {
  train::Launch launch;
  launch.address = "127.0.0.1";
  launch.port = FreePort();
  const std::unique_ptr<train::RankGroup> group = train::RankGroup::Join(launch, TestDevice());
  ExpectAsOnTheCpu(/*with_evaluation=*/false, [&](const at::Tensor& x, const NormArguments& norm, const NormTail& tail) {
    return SyncNormAct(x, norm, tail, *group);
  });
  group->Finish();
}

}  // namespace
}  // namespace deepmad::models
