// The budgets that a problem can set, in one list. Report, tables, sweeps and searches loop over it. All but the effectiveness are
// additive: what a network uses is the sum over its blocks, plus a part that belongs to no block. To add an additive budget: an enumerator
// and a row here, its limit in struct Budgets, its amount in Amount(), its key in BudgetsFromConfig.
#pragma once

#include <array>
#include <optional>
#include <string>

#include "mad/problem/problem.h"

namespace deepmad::mad {

enum Budget : size_t { kFlops, kParams, kLayers, kActivations, kMemory, kLatency, kEffectiveness, kBudgets };

constexpr bool IsAdditive(Budget budget) { return budget != kEffectiveness; }

struct BudgetInfo {
  const char* name;   // key of the budget and of its entry in report.json
  const char* label;  // in tables
  std::optional<double> Budgets::*limit;
  bool least_at_smallest;  // whether no structure uses less than the smallest one (SmallestCandidate in mad/problem/feasibility.h)
};
// By enumerator. A larger structure may be more effective, and a wider kernel may be faster.
inline constexpr std::array<BudgetInfo, kBudgets> kBudgetInfos{{{"flops", "FLOPs", &Budgets::flops, true},
                                                                {"params", "parameters", &Budgets::params, true},
                                                                {"layers", "layers", &Budgets::layers, true},
                                                                {"activation_memory", "activations", &Budgets::activation_memory, true},
                                                                {"memory_mb", "memory", &Budgets::memory_mb, true},
                                                                {"latency_ms", "latency", &Budgets::latency_ms, false},
                                                                {"effectiveness", "effectiveness", &Budgets::effectiveness, false}}};

inline constexpr size_t kAdditiveBudgets = kEffectiveness;  // how many; they come first
inline constexpr std::array<Budget, kAdditiveBudgets> kEveryAdditive{kFlops, kParams, kLayers, kActivations, kMemory, kLatency};
inline constexpr std::array<Budget, kBudgets> kEveryBudget{kFlops, kParams, kLayers, kActivations, kMemory, kLatency, kEffectiveness};

inline const std::optional<double>& Limit(const DesignProblem& problem, Budget budget) {
  return problem.budgets.*kBudgetInfos[budget].limit;
}

// Returns false for latency if the problem has no latency table; its amounts are then 0 and reports omit it.
inline bool IsKnown(Budget budget, const DesignProblem& problem) { return budget != kLatency || problem.budgets.latency_model != nullptr; }

// Returns a remark for tables on what is counted, such as "with the head".
std::string UnitOf(Budget budget, const DesignProblem& problem);

// Bytes of one activation value: float32.
inline constexpr double kActivationBytes = 4;

// What a unit (UnitCount) or a block (BlockTotals) uses of an additive budget, as the problem measures it.
template <typename T, template <typename> typename Counts>
T Amount(Budget budget, const DesignProblem& problem, const Counts<T>& counts) {
  switch (budget) {
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

// The part of an additive budget that belongs to no block, mainly the head's: channels * per_channel + constant.
struct HeadAmount {
  double per_channel = 0;
  double constant = 0;
};
// `shape` is any structure of the problem.
HeadAmount AmountOfHead(Budget budget, const DesignProblem& problem, const NetworkSpec& shape);

}  // namespace deepmad::mad
