#include "mad/bound/lagrangian.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "mad/problem/budget_tolerance.h"

namespace deepmad::mad {
namespace {

// Grid values in the whole box above which cells hold 2 and 4 of them: an evaluation's time goes with the square.
constexpr int kFineGrid = 200;
constexpr int kMiddleGrid = 500;
constexpr double kFineCell = 0.04;
constexpr double kMiddleCell = 0.08;

std::vector<double> Logarithms(const DesignProblem& problem) {
  int largest = problem.input.channels;
  for (const BlockVariables& block : problem.blocks) {
    largest = std::max({largest, block.out_channels.high, block.bottleneck_channels.high});
  }
  std::vector<double> logs{0};
  for (int i = 1; i <= largest; ++i) logs.push_back(std::log(i));
  return logs;
}

HiddenWidths MakeHiddenWidths(const BlockForms& block, const Range& bottlenecks) {
  HiddenWidths hidden;
  if (block.se_ratio == 0 || bottlenecks.high == 0) return hidden;
  for (int m = 0; m <= bottlenecks.high; ++m) hidden.of.push_back(block.Hidden(m));
  hidden.share = block.se_ratio;
  for (int m = bottlenecks.low; m <= bottlenecks.high; ++m) {
    hidden.below = std::max(hidden.below, hidden.share * m - hidden.of[static_cast<size_t>(m)]);
  }
  return hidden;
}

// What the cells, the windows and the smallest structure take for granted.
void CheckGrows(const UnitFormulas& unit) {
  const auto check = [](const Form& form) {
    for (int i = 1; i < Form::kMonomials; ++i) {
      if (form.coefficient(i) < 0) throw std::logic_error("a block's counts fall where a channel number grows");
    }
    for (int i = 0; i < kSymbols; ++i) {
      if (form.log_coefficient(i) < 0) throw std::logic_error("a block's entropy falls where a channel number grows");
    }
  };
  for (const Form& amount : unit.amounts) check(amount);
  check(unit.log_width);
  check(unit.entropy);
}

}  // namespace

Lagrangian::Lagrangian(const DesignProblem& problem, const ProblemForms& forms)
    : problem_(problem),
      forms_(forms),
      rules_(problem),
      has_effectiveness_(problem.budgets.effectiveness.has_value()),
      log_(Logarithms(problem)),
      best_bottleneck_(log_, problem.channel_multiple),
      hidden_(problem.blocks.size()),
      windows_(problem, forms),
      penalty_(problem.objective, forms.layout) {
  for (const Budget budget : kEveryAdditive) {
    if (Limit(problem, budget)) additive_.push_back(budget);
  }
  for (const BlockForms& block : forms.blocks) {
    for (const KernelForms& kernel : block.kernels) {
      for (const UnitFormulas* unit : {&kernel.first_equal, &kernel.first_changed, &kernel.other}) CheckGrows(*unit);
    }
  }
  const size_t blocks = problem.blocks.size();
  for (size_t i = 0; i < blocks; ++i) hidden_[i] = MakeHiddenWidths(forms.blocks[i], problem.blocks[i].bottleneck_channels);
  cells_.resize(blocks);
  outputs_.resize(blocks);
  choices_.resize(blocks);
  pairs_.resize(blocks);
  choice_pairs_.resize(blocks);
  forward_.resize(blocks);
  backward_.resize(blocks);
  previous_.resize(blocks);
}

void Lagrangian::Enter(const Box& box) {
  box_ = box;
  const int multiple = problem_.channel_multiple;
  int total = 0;
  for (size_t i = 0; i < problem_.BlocksBeforeTail(); ++i) total += (box.blocks[i].width.high - box.blocks[i].width.low) / multiple + 1;
  const double growth = total > kMiddleGrid ? kMiddleCell : total > kFineGrid ? kFineCell : 0;
  coarse_ = growth > 0;
  for (size_t i = 0; i < box.blocks.size(); ++i) {
    const Range& widths = box.blocks[i].width;
    cells_[i].clear();
    for (int low = widths.low; low <= widths.high; low = cells_[i].back().high + multiple) {
      cells_[i].push_back({low, std::min(low + static_cast<int>(growth * low / multiple) * multiple, widths.high)});
    }
  }
  windows_.Set(box);
  for (size_t i = 1; i < box.blocks.size(); ++i) {
    outputs_[i].clear();
    const Range& allowed = box.blocks[i].bottleneck;
    for (const Cell& cell : cells_[i]) {
      Outputs out;
      out.cell = cell;
      out.bottlenecks = {std::numeric_limits<int>::max(), -1};
      out.inputs = {std::numeric_limits<int>::max(), -1};
      for (int width = cell.low; width <= cell.high; width += multiple) {
        const Range& inner = rules_.Bottlenecks(i, width);
        const Range& inputs = rules_.Inputs(i, width);
        const Range narrowed{std::max(inner.low, allowed.low), std::min(inner.high, allowed.high)};
        if (narrowed.low > narrowed.high || inputs.low > inputs.high) continue;
        out.bottlenecks = {std::min(out.bottlenecks.low, narrowed.low), std::max(out.bottlenecks.high, narrowed.high)};
        out.inputs = {std::min(out.inputs.low, inputs.low), std::max(out.inputs.high, inputs.high)};
      }
      const double log_low = log_[static_cast<size_t>(cell.low)], log_high = log_[static_cast<size_t>(cell.high)];
      out.entropy_weight = windows_.Weight(i) + windows_.OwnWeight(i, log_high);
      out.width_term = windows_.WidthTerm(i, log_low, log_high);
      outputs_[i].push_back(out);
    }
  }
}

void Lagrangian::SetPrices(const std::vector<double>& multipliers, const Tangents& tangents) {
  price_.fill(0);
  constant_ = 0;
  magnitude_ = 0;
  const auto add = [&](double term) {
    constant_ += term;
    magnitude_ += std::abs(term);
  };
  for (size_t i = 0; i < additive_.size(); ++i) {
    const Budget budget = additive_[i];
    price_[budget] = multipliers[i] / MostAllowed(*Limit(problem_, budget));
    add(multipliers[i]);
    add(-price_[budget] * forms_.head[budget].constant);
  }
  width_gain_ = 0;
  if (has_effectiveness_) {
    // W >= L ln(L / rho) >= slope * L - tangent point.
    width_gain_ = multipliers.back() / kLayerUnit;
    slope_ = std::log(tangents.layers / MostAllowed(*problem_.budgets.effectiveness)) + 1;
    price_[kLayers] += width_gain_ * slope_;
    add(width_gain_ * tangents.layers);
  }
  add(-penalty_.At(tangents.depths, depth_price_));
  for (size_t i = 0; i < choices_.size(); ++i) {
    if (problem_.blocks[i].is_stage) SetChoices(i);
  }
}

BlockCost Lagrangian::CostOf(const UnitFormulas& unit) const {
  BlockCost cost;
  for (const Budget budget : kEveryAdditive) {
    if (price_[budget] != 0) cost.Add(unit.amounts[budget], price_[budget]);
  }
  return cost;
}

void Lagrangian::SetChoices(size_t block) {
  std::vector<Choice>& choices = choices_[block];
  choices.clear();
  const Range& depths = box_.blocks[block].depth;
  for (size_t kernel = 0; kernel < problem_.blocks[block].kernels.size(); ++kernel) {
    if (!(box_.blocks[block].kernels >> kernel & 1)) continue;
    const KernelForms& forms = forms_.blocks[block].kernels[kernel];
    const BlockCost changed = CostOf(forms.first_changed), equal = CostOf(forms.first_equal), other = CostOf(forms.other);
    for (const bool upper_end : {false, true}) {
      if (upper_end && depths.low == depths.high) continue;
      Choice choice{kernel, upper_end ? depths.high : depths.low, upper_end, {}, {}, {}, {}};
      const double others = choice.depth - 1;
      choice.changed.AddTimes(changed, 1);
      choice.changed.AddTimes(other, others);
      choice.equal.AddTimes(equal, 1);
      choice.equal.AddTimes(other, others);
      if (coarse_) {
        for (size_t i = 0; i < choice.equal.terms.size(); ++i)
          choice.equal.terms[i] = std::min(choice.equal.terms[i], choice.changed.terms[i]);
      }
      choice.changed.terms[0] += depth_price_[block] * choice.depth;
      choice.equal.terms[0] += depth_price_[block] * choice.depth;
      choice.entropy.Add(forms.first_changed.entropy, 1);
      choice.entropy.Add(forms.other.entropy, others);
      choice.width.Add(forms.first_changed.log_width, 1);
      choice.width.Add(forms.other.log_width, others);
      choices.push_back(choice);
    }
  }
}

Lagrangian::Prepared Lagrangian::Prepare(const Choice& choice, const BlockCost& cost, const Outputs& out) const {
  const double width = out.cell.low;
  const double log_width = log_[static_cast<size_t>(out.cell.high)];
  const auto gain = [&](double BlockGain::*part) { return out.entropy_weight * choice.entropy.*part + width_gain_ * choice.width.*part; };
  Prepared prepared;
  prepared.constant = gain(&BlockGain::constant) + gain(&BlockGain::out) * log_width + out.width_term - cost[0] -
                      (cost[Form::Linear(kOutSymbol)] + cost[Form::Product(kOutSymbol, kOutSymbol)] * width) * width;
  prepared.in = cost[Form::Linear(kInSymbol)] + cost[Form::Product(kInSymbol, kOutSymbol)] * width;
  prepared.in_in = cost[Form::Product(kInSymbol, kInSymbol)];
  prepared.log_in = gain(&BlockGain::in);
  prepared.linear_in = cost[Form::Product(kInSymbol, kBottleneckSymbol)];
  prepared.hidden_in = cost[Form::Product(kInSymbol, kHiddenSymbol)];
  prepared.bottleneck = {gain(&BlockGain::bottleneck), cost[Form::Product(kBottleneckSymbol, kBottleneckSymbol)],
                         cost[Form::Linear(kBottleneckSymbol)] + cost[Form::Product(kOutSymbol, kBottleneckSymbol)] * width,
                         cost[Form::Linear(kHiddenSymbol)] + cost[Form::Product(kOutSymbol, kHiddenSymbol)] * width,
                         cost[Form::Product(kBottleneckSymbol, kHiddenSymbol)]};
  return prepared;
}

double Lagrangian::WithoutBottleneck(const Prepared& prepared, const Cell& in) const {
  const double width = in.low;
  return prepared.constant + prepared.log_in * log_[static_cast<size_t>(in.high)] - (prepared.in + prepared.in_in * width) * width;
}

double Lagrangian::Value(const Prepared& prepared, const Outputs& out, const Cell& in, const HiddenWidths& hidden, int* bottleneck) const {
  const double width = in.low;
  double value = WithoutBottleneck(prepared, in);
  if (out.bottlenecks.high > 0) {
    BottleneckTerm term = prepared.bottleneck;
    term.linear += prepared.linear_in * width;
    term.hidden += prepared.hidden_in * width;
    value += best_bottleneck_.Maximum(term, out.bottlenecks, hidden, bottleneck);
  } else if (bottleneck) {
    *bottleneck = 0;
  }
  return value;
}

}  // namespace deepmad::mad
