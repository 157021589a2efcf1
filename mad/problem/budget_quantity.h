// The quantities that add up over a network's blocks and that a budget can bound. Adding one: an entry here, its sum in UnitCount, and its
// key in BudgetsFromConfig; evaluator, relaxation, bound and report loop over the list. (Effectiveness is a ratio and stands apart.)
#pragma once

#include <array>
#include <optional>
#include <string>

#include "mad/problem/problem.h"

namespace deepmad::mad {

enum Quantity { kFlops, kParams, kLayers, kActivations, kMemory, kLatency, kQuantities };

struct QuantityInfo {
  const char* name;   // key of the budget and of its entry in report.json
  const char* label;  // in tables
  std::optional<double> Budgets::*limit;
};
inline constexpr std::array<QuantityInfo, kQuantities> kQuantityInfos{{{"flops", "FLOPs", &Budgets::flops},
                                                                       {"params", "parameters", &Budgets::params},
                                                                       {"layers", "layers", &Budgets::layers},
                                                                       {"activation_memory", "activations", &Budgets::activation_memory},
                                                                       {"memory_mb", "memory", &Budgets::memory_mb},
                                                                       {"latency_ms", "latency", &Budgets::latency_ms}}};

inline const std::optional<double>& Limit(const DesignProblem& problem, int quantity) {
  return problem.budgets.*kQuantityInfos[static_cast<size_t>(quantity)].limit;
}

// Returns false for latency if the problem has no latency table; its amounts are then 0 and reports omit it.
inline bool IsKnown(int quantity, const DesignProblem& problem) { return quantity != kLatency || problem.budgets.latency_model != nullptr; }

// Returns a remark for tables on what is counted, such as "with the head".
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
    case kActivations:
      return T(kActivationBytes * problem.budgets.activation_batch) * counts.activations;
    case kMemory: {
      const double megabytes = kActivationBytes / 1e6;
      return T(megabytes * problem.budgets.memory_weight_copies) * counts.params +
             T(megabytes * problem.budgets.memory_batch) * counts.activations;
    }
    default:
      return counts.latency;
  }
}

// The part of a quantity that belongs to no block, mainly the head's: channels * per_channel + constant.
struct HeadAmount {
  double per_channel = 0;
  double constant = 0;
};
// `shape` is any structure of the problem.
HeadAmount AmountOfHead(int quantity, const DesignProblem& problem, const NetworkSpec& shape);

}  // namespace deepmad::mad
