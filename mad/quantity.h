// The quantities that add up over a network's blocks and that a budget can bound. Adding one: an entry here, its sum in UnitCount, and its
// key in BudgetsFromConfig; evaluator, relaxation, bound and report loop over the list. (Effectiveness is a ratio and stands apart.)
#pragma once

#include <array>
#include <optional>
#include <string>

#include "mad/problem.h"

namespace deepmad::mad {

enum Quantity { kFlops, kParams, kLayers, kActivations, kQuantities };

struct QuantityInfo {
  const char* name;   // key of the budget and of its entry in report.json
  const char* label;  // in tables
  std::optional<double> Budgets::*limit;
};
inline constexpr std::array<QuantityInfo, kQuantities> kQuantityInfos{{{"flops", "FLOPs", &Budgets::flops},
                                                                       {"params", "parameters", &Budgets::params},
                                                                       {"layers", "layers", &Budgets::layers},
                                                                       {"activation_memory", "activations", &Budgets::activation_memory}}};

inline const std::optional<double>& Limit(const DesignProblem& problem, int quantity) {
  return problem.budgets.*kQuantityInfos[static_cast<size_t>(quantity)].limit;
}

// What the numbers count, for tables: "with the head".
std::string UnitOf(int quantity, const DesignProblem& problem);

// Bytes of one activation value: float32.
inline constexpr double kActivationBytes = 4;

// The quantity of a unit (UnitCount) or block (BlockTotals), as the problem's budget measures it.
template <typename T, template <typename> typename Counts>
T Amount(int quantity, const DesignProblem& problem, const Counts<T>& counts) {
  switch (quantity) {
    case kFlops:
      return problem.budgets.flops_convention == FlopsConvention::kMacs ? counts.macs : counts.reference_flops;
    case kParams:
      return problem.formulation->params_with_head ? counts.params : counts.reference_params;
    case kLayers:
      return T(counts.layers);
    default:
      return T(kActivationBytes * problem.budgets.activation_batch) * counts.activations;
  }
}

// The head's share of the quantity: channels * per_channel + constant.
struct HeadAmount {
  double per_channel = 0;
  double constant = 0;
};
HeadAmount AmountOfHead(int quantity, const DesignProblem& problem);

}  // namespace deepmad::mad
