// A proven upper bound on the objective of every structure in a box: Lagrangian relaxation of the budgets and an exact dynamic programme
// over the widths. docs/certificate.md derives it and states what it rests on.
//
// Any multipliers >= 0, tangent points and boxes give a valid bound, so whoever chooses them needs no trust.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "mad/bound/block_value.h"
#include "mad/bound/box.h"
#include "mad/bound/entropy_windows.h"
#include "mad/bound/feasibility_table.h"
#include "mad/bound/tangents.h"
#include "mad/problem/block_polynomials.h"
#include "mad/search/work.h"

namespace deepmad::mad {

// What a maximiser of the relaxed problem looks like. With cells of several widths it is no structure, and `candidate` is near it.
struct Maximiser {
  Candidate candidate;
  std::vector<double> slack;  // derivative of the bound by each multiplier
  double layers = 0;
};

class Lagrangian {
 public:
  // Of the effectiveness multiplier, so that all are alike in size.
  static constexpr double kLayerUnit = 64;

  // Keeps references. Requires tight ranges.
  Lagrangian(const DesignProblem& problem, const ProblemForms& forms);

  // How many multipliers: one for each budget that is set, the effectiveness last. The Lagrangian is objective + sum of multiplier *
  // slack, in units of the objective: slack is relative to the budget, and in nats for kLayerUnit layers for the effectiveness.
  size_t multipliers() const { return additive_.size() + (has_effectiveness_ ? 1 : 0); }

  // Chooses the box that the calls below speak of.
  void Enter(const Box& box);
  // The bound; -infinity where the box holds no admitted structure. `maximiser` may be null.
  double Evaluate(const std::vector<double>& multipliers, const Tangents& tangents, Maximiser* maximiser);
  // The box without those ends of its ranges that hold no structure of at least `value`, judged at these multipliers. False where nothing
  // is left of it.
  bool Tighten(const std::vector<double>& multipliers, const Tangents& tangents, double value, Box& box);

  const EntropyWindows& windows() const { return windows_; }
  int64_t evaluations() const { return evaluations_; }
  Ticks work() const { return work_; }

 private:
  // Neighbouring widths treated as one: gains are taken at the upper end, costs at the lower.
  struct Cell {
    int low, high;
  };
  // What a block's value needs to know of its outputs, given the box.
  struct Outputs {
    Cell cell{};
    Range bottlenecks{1, 0};  // admitted by the rules for some width of the cell
    Range inputs{1, 0};
    double entropy_weight = 0;
    double width_term = 0;
  };
  // One kernel at one end of the depth range, under the current multipliers.
  struct Choice {
    size_t kernel;
    int depth;
    bool upper_end;
    BlockCost changed;  // in != out
    BlockCost equal;    // in = out, or, where a pair of cells may hold both cases, below both
    BlockGain entropy, width;
  };
  // A choice at given outputs: its value as a function of the inputs.
  struct Prepared {
    double constant, in, in_in, log_in;
    double linear_in, hidden_in;
    BottleneckTerm bottleneck;
  };
  // The choice of a stage at given cells that attains its value.
  struct BestChoice {
    size_t kernel = 0;
    int depth = 1;
    int bottleneck = 0;
    bool equal = false;  // in = out
  };

  void SetPrices(const std::vector<double>& multipliers, const Tangents& tangents);
  void SetChoices(size_t block);
  BlockCost CostOf(const UnitFormulas& unit) const;
  Prepared Prepare(const Choice& choice, const BlockCost& cost, const Outputs& out) const;
  double Value(const Prepared& prepared, const Outputs& out, const Cell& in, const HiddenWidths& hidden, int* bottleneck) const;
  double WithoutBottleneck(const Prepared& prepared, const Cell& in) const;
  // The input cells first..end - 1 that the rules admit for some width of the outputs.
  std::pair<size_t, size_t> InputsOf(size_t block, const Outputs& out) const;
  void FillPairs(size_t block, bool keep_choices);
  void FillPairsWithoutChoices(size_t block);
  void FillRow(size_t block, const Choice& choice, const Outputs& out, size_t first, size_t end);
  double ValueWithoutChoices(size_t block, const Cell& in, const Cell& out) const;
  double LessHead(double value, const Cell& last) const;
  double Forward(bool keep_choices);
  void Backward();
  // What is left of a stage's kernels and depths. False where that is nothing.
  bool TightenChoices(size_t block, double needed, BlockBox& box) const;
  BestChoice BestChoiceOf(size_t block, const Cell& in, const Cell& out) const;
  void Describe(const Tangents& tangents, Maximiser& maximiser) const;

  const DesignProblem& problem_;
  const ProblemForms& forms_;
  RuleTable rules_;
  std::vector<Budget> additive_;  // budgets with a limit
  bool has_effectiveness_;
  std::vector<double> log_;  // ln of integers
  BestBottleneck best_bottleneck_;
  std::vector<HiddenWidths> hidden_;  // of each block
  EntropyWindows windows_;
  DepthPenaltyTangent penalty_;
  int64_t evaluations_ = 0;
  Ticks work_ = 0;

  // Of the box.
  Box box_;
  std::vector<std::vector<Cell>> cells_;       // of each block's width
  bool coarse_ = false;                        // some cell holds several widths
  std::vector<std::vector<Outputs>> outputs_;  // of each block but the first

  // Of the multipliers.
  std::array<double, kAdditiveBudgets> price_{};  // of each budget's unit; layers with what the effectiveness bound asks
  double width_gain_ = 0;                         // of ln w, through the effectiveness bound
  double slope_ = 0;                              // of L ln(L / rho) at the tangent point
  double constant_ = 0;
  double magnitude_ = 0;                                        // of the terms that make up the constant, for the rounding margin
  std::vector<double> depth_price_;                             // of a unit of each block, through the depth penalty
  std::vector<std::vector<Choice>> choices_;                    // of each stage's block; empty for others
  std::vector<std::vector<double>> pairs_;                      // of each block but the first: value of [out cell, in cell]
  std::vector<std::vector<std::vector<double>>> choice_pairs_;  // the same of each choice, where asked for
  std::vector<std::vector<double>> forward_, backward_;         // best chain up to, and from, each cell of each width
  std::vector<std::vector<size_t>> previous_;
  std::vector<double> row_, slopes_;  // of FillRow
};

}  // namespace deepmad::mad
