#include "mad/quantity.h"

#include <fmt/format.h>

#include "mad/cost.h"

namespace deepmad::mad {

std::string UnitOf(int quantity, const DesignProblem& problem) {
  switch (quantity) {
    case kFlops:
      return FlopsConventionName(problem.budgets.flops_convention);
    case kParams:
      return problem.formulation->params_with_head ? "with the head" : "without the head";
    case kLayers:
      return "convolutions of the main path";
    default:
      return fmt::format("bytes kept for the backward pass, batch {}", problem.budgets.activation_batch);
  }
}

HeadAmount AmountOfHead(int quantity, const DesignProblem& problem) {
  const auto linear = [](double at_zero, double at_one) { return HeadAmount{at_one - at_zero, at_zero}; };
  if (quantity == kFlops && problem.budgets.flops_convention == FlopsConvention::kMacs) {
    return linear(HeadMacs(0, problem.head), HeadMacs(1, problem.head));
  }
  if (quantity == kParams && problem.formulation->params_with_head) {
    return linear(HeadParams(0, problem.head), HeadParams(1, problem.head));
  }
  return {};
}

}  // namespace deepmad::mad
