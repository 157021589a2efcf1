#include "mad/problem/budget.h"

#include <fmt/format.h>

#include "mad/cost/network_cost.h"
#include "mad/latency/latency_model.h"

namespace deepmad::mad {
namespace {

// Each list names all of its budgets, in order.
template <size_t kCount>
constexpr bool IsComplete(const std::array<Budget, kCount>& list) {
  for (size_t i = 0; i < kCount; ++i) {
    if (list[i] != i || list[i] == kBudgets) return false;
  }
  return true;
}
static_assert(IsComplete(kEveryAdditive) && IsComplete(kEveryBudget));
static_assert(kBudgetInfos[kEffectiveness].limit == &Budgets::effectiveness);

// The classifier at one channel more is the product and input rates of a line.
HeadAmount LatencyAroundBlocks(const LatencyModel& model, const NetworkSpec& shape) {
  HeadAmount amount;
  for (LayerWork<double> work : WorkAroundBlocks(shape)) {
    const bool of_head = work.shape.op == FusedOp::kClassifier;
    if (of_head) work.in = 0;
    const double constant = model.Milliseconds(work);
    amount.constant += constant;
    if (!of_head) continue;
    work.in = 1;
    amount.per_channel += model.Milliseconds(work) - constant;
  }
  return amount;
}

}  // namespace

std::string UnitOf(Budget budget, const DesignProblem& problem) {
  switch (budget) {
    case kFlops:
      return FlopsConventionName(problem.budgets.flops_convention);
    case kParams:
      return problem.formulation->params_with_head ? "with the head" : "without the head";
    case kLayers:
      return "convolutions of the main path";
    case kActivations:
      return fmt::format("bytes kept for the backward pass, batch {}", problem.budgets.activation_batch);
    case kMemory:
      return fmt::format("MB of a training step, batch {}", problem.budgets.memory_batch);
    case kEffectiveness:
      return "largest over the stage prefixes";
    default: {
      const LatencyModel& model = *problem.budgets.latency_model;
      return fmt::format("ms predicted, {} at batch {}, threads: {}", model.precision(), model.batch(), model.threads());
    }
  }
}

HeadAmount AmountOfHead(Budget budget, const DesignProblem& problem, const NetworkSpec& shape) {
  const auto linear = [](double at_zero, double at_one) { return HeadAmount{at_one - at_zero, at_zero}; };
  if (budget == kFlops && problem.budgets.flops_convention == FlopsConvention::kMacs) {
    return linear(HeadMacs(0, problem.head), HeadMacs(1, problem.head));
  }
  if (budget == kParams && problem.formulation->params_with_head) {
    return linear(HeadParams(0, problem.head), HeadParams(1, problem.head));
  }
  if (budget == kMemory) {
    const double megabytes = kActivationBytes / 1e6 * problem.budgets.memory_weight_copies;
    return linear(megabytes * HeadParams(0, problem.head), megabytes * HeadParams(1, problem.head));
  }
  if (budget == kLatency && IsKnown(kLatency, problem)) return LatencyAroundBlocks(*problem.budgets.latency_model, shape);
  return {};
}

}  // namespace deepmad::mad
