// The dynamic programme of the bound: chains of widths, best first units, and what every width, depth and kernel can still reach.
#include <algorithm>
#include <cmath>
#include <limits>

#include "mad/bound/lagrangian.h"
#include "mad/problem/budget_tolerance.h"

namespace deepmad::mad {
namespace {

constexpr double kNothing = -std::numeric_limits<double>::infinity();
// Far above what double arithmetic loses in a sum of some thousand terms.
constexpr double kRounding = 1e-11;

// The depths of a range that reach `value`, given what its two ends reach at most. What a depth reaches is a maximum of linear functions of
// it, hence at most the chord.
Range DepthsThatReach(const Range& depths, double at_low, double at_high, double value) {
  constexpr double kSlack = 1e-9;
  if (at_low >= value && at_high >= value) return depths;
  if (at_low < value && at_high < value) return {1, 0};
  const double length = depths.high - depths.low;
  if (at_high < value) {
    const double share = std::isinf(at_high) ? 0 : (at_low - value) / (at_low - at_high);
    return {depths.low, depths.low + static_cast<int>(std::floor(share * length + kSlack))};
  }
  const double share = std::isinf(at_low) ? 0 : (at_high - value) / (at_high - at_low);
  return {depths.high - static_cast<int>(std::floor(share * length + kSlack)), depths.high};
}

}  // namespace

std::pair<size_t, size_t> Lagrangian::InputsOf(size_t block, const Outputs& out) const {
  const std::vector<Cell>& inputs = cells_[block - 1];
  if (out.inputs.low > out.inputs.high) return {0, 0};
  size_t first = 0;
  while (first < inputs.size() && inputs[first].high < out.inputs.low) ++first;
  size_t end = inputs.size();
  while (end > first && inputs[end - 1].low > out.inputs.high) --end;
  return {first, end};
}

void Lagrangian::FillPairs(size_t block, bool keep_choices) {
  const size_t ins = cells_[block - 1].size();
  const std::vector<Outputs>& outputs = outputs_[block];
  const size_t count = ins * outputs.size();
  pairs_[block].assign(count, kNothing);
  if (keep_choices) choice_pairs_[block].assign(choices_[block].size(), std::vector<double>(count, kNothing));
  for (size_t o = 0; o < outputs.size(); ++o) {
    const auto [first, end] = InputsOf(block, outputs[o]);
    if (first == end) continue;
    double* row = pairs_[block].data() + o * ins;
    for (size_t c = 0; c < choices_[block].size(); ++c) {
      FillRow(block, choices_[block][c], outputs[o], first, end);
      for (size_t i = first; i < end; ++i) row[i] = std::max(row[i], row_[i - first]);
      if (keep_choices) std::copy(row_.begin(), row_.end(), choice_pairs_[block][c].begin() + static_cast<std::ptrdiff_t>(o * ins + first));
    }
  }
}

// Of a block with one kernel, one unit and no bottleneck.
void Lagrangian::FillPairsWithoutChoices(size_t block) {
  const std::vector<Cell>& inputs = cells_[block - 1];
  pairs_[block].assign(inputs.size() * outputs_[block].size(), kNothing);
  double* row = pairs_[block].data();
  for (const Outputs& out : outputs_[block]) {
    const auto [first, end] = InputsOf(block, out);
    for (size_t i = first; i < end; ++i) row[i] = ValueWithoutChoices(block, inputs[i], out.cell);
    row += inputs.size();
  }
}

// Values of one choice at given outputs for the input cells first..end - 1, into row_.
void Lagrangian::FillRow(size_t block, const Choice& choice, const Outputs& out, size_t first, size_t end) {
  const std::vector<Cell>& inputs = cells_[block - 1];
  const Prepared changed = Prepare(choice, choice.changed, out);
  row_.assign(end - first, 0.0);
  work_ += kRowTicks + kValueTicks * static_cast<Ticks>(end - first);
  if (out.bottlenecks.high > 0 && changed.hidden_in == 0) {
    slopes_.clear();
    for (size_t i = first; i < end; ++i) slopes_.push_back(changed.linear_in * inputs[i].low);
    best_bottleneck_.Maxima(changed.bottleneck, out.bottlenecks, hidden_[block], slopes_, row_);
  }
  for (size_t i = first; i < end; ++i) {
    const Cell& in = inputs[i];
    const bool may_be_equal = in.high >= out.cell.low && in.low <= out.cell.high;
    double& value = row_[i - first];
    if (may_be_equal) {
      value = Value(Prepare(choice, choice.equal, out), out, in, hidden_[block], nullptr);
    } else if (out.bottlenecks.high > 0 && changed.hidden_in != 0) {
      value = Value(changed, out, in, hidden_[block], nullptr);
    } else {
      value += WithoutBottleneck(changed, in);
    }
  }
}

// With the head's part where the block is the last one.
double Lagrangian::ValueWithoutChoices(size_t block, const Cell& in, const Cell& out) const {
  const KernelForms& forms = forms_.blocks[block].kernels[0];
  const UnitFormulas &changed = forms.first_changed, &equal = forms.first_equal;
  const auto at = [&](const Form& form, int in_width, int out_width) {
    const double log_in = log_[static_cast<size_t>(in_width)], log_out = log_[static_cast<size_t>(out_width)];
    return form.At<double>({static_cast<double>(in_width), static_cast<double>(out_width), 0, 0}, {log_in, log_out, 0, 0});
  };
  const double log_low = log_[static_cast<size_t>(out.low)], log_high = log_[static_cast<size_t>(out.high)];
  double value = (windows_.Weight(block) + windows_.OwnWeight(block, log_high)) * at(changed.entropy, in.high, out.high) +
                 width_gain_ * at(changed.log_width, in.high, out.high) + windows_.WidthTerm(block, log_low, log_high);
  for (const Budget budget : kEveryAdditive) {
    value -= price_[budget] * std::min(at(changed.amounts[budget], in.low, out.low), at(equal.amounts[budget], in.low, out.low));
  }
  return block + 1 == forms_.blocks.size() ? LessHead(value, out) : value;
}

double Lagrangian::LessHead(double value, const Cell& last) const {
  for (const Budget budget : kEveryAdditive) value -= price_[budget] * forms_.head[budget].per_channel * last.low;
  return value;
}

double Lagrangian::Forward(bool keep_choices) {
  forward_[0].clear();
  for (const Cell& cell : cells_[0])
    forward_[0].push_back(ValueWithoutChoices(0, {problem_.input.channels, problem_.input.channels}, cell));
  for (size_t block = 1; block < cells_.size(); ++block) {
    if (problem_.blocks[block].is_stage) {
      FillPairs(block, keep_choices);
    } else {
      FillPairsWithoutChoices(block);
    }
    const size_t ins = cells_[block - 1].size(), outs = cells_[block].size();
    forward_[block].assign(outs, kNothing);
    previous_[block].assign(outs, 0);
    for (size_t o = 0; o < outs; ++o) {
      const double* row = pairs_[block].data() + o * ins;
      for (size_t i = 0; i < ins; ++i) {
        const double value = forward_[block - 1][i] + row[i];
        if (value > forward_[block][o]) {
          forward_[block][o] = value;
          previous_[block][o] = i;
        }
      }
    }
  }
  double best = kNothing;
  backward_.back().clear();
  for (size_t o = 0; o < cells_.back().size(); ++o) {
    backward_.back().push_back(problem_.blocks.back().is_stage ? LessHead(0, cells_.back()[o]) : 0);
    best = std::max(best, forward_.back()[o] + backward_.back()[o]);
  }
  return best + constant_ + kRounding * (magnitude_ + std::abs(best));
}

void Lagrangian::Backward() {
  for (size_t block = cells_.size() - 1; block > 0; --block) {
    const size_t ins = cells_[block - 1].size(), outs = cells_[block].size();
    backward_[block - 1].assign(ins, kNothing);
    for (size_t o = 0; o < outs; ++o) {
      const double* row = pairs_[block].data() + o * ins;
      for (size_t i = 0; i < ins; ++i) backward_[block - 1][i] = std::max(backward_[block - 1][i], row[i] + backward_[block][o]);
    }
  }
}

double Lagrangian::Evaluate(const std::vector<double>& multipliers, const Tangents& tangents, Maximiser* maximiser) {
  ++evaluations_;
  work_ += kBoundTicks;
  SetPrices(multipliers, tangents);
  const double value = Forward(/*keep_choices=*/false);
  if (maximiser && value > kNothing) Describe(tangents, *maximiser);
  return value;
}

bool Lagrangian::Tighten(const std::vector<double>& multipliers, const Tangents& tangents, double value, Box& box) {
  ++evaluations_;
  work_ += kBoundTicks;
  SetPrices(multipliers, tangents);
  const double best = Forward(/*keep_choices=*/true);
  box = box_;
  if (best < value) return false;
  Backward();
  const double needed = value - constant_ - kRounding * (magnitude_ + std::abs(best));
  for (size_t block = 0; block < cells_.size(); ++block) {
    const auto reaches = [&](size_t i) { return forward_[block][i] + backward_[block][i] >= needed; };
    size_t first = 0, last = cells_[block].size() - 1;
    while (first < last && !reaches(first)) ++first;
    while (last > first && !reaches(last)) --last;
    box.blocks[block].width = {cells_[block][first].low, cells_[block][last].high};
  }
  for (size_t block = 1; block < cells_.size(); ++block) {
    if (problem_.blocks[block].is_stage && !TightenChoices(block, needed, box.blocks[block])) return false;
  }
  return true;
}

bool Lagrangian::TightenChoices(size_t block, double needed, BlockBox& box) const {
  const size_t ins = cells_[block - 1].size();
  double at_end[2] = {kNothing, kNothing};
  box.kernels = 0;
  for (size_t c = 0; c < choices_[block].size(); ++c) {
    const Choice& choice = choices_[block][c];
    double reached = kNothing;
    for (size_t o = 0; o < outputs_[block].size(); ++o) {
      const double* row = choice_pairs_[block][c].data() + o * ins;
      for (size_t i = 0; i < ins; ++i) reached = std::max(reached, forward_[block - 1][i] + row[i] + backward_[block][o]);
    }
    at_end[choice.upper_end] = std::max(at_end[choice.upper_end], reached);
    if (reached >= needed) box.kernels |= uint64_t{1} << choice.kernel;
  }
  Range& depths = box.depth;
  if (depths.low < depths.high) depths = DepthsThatReach(depths, at_end[0], at_end[1], needed);
  return depths.low <= depths.high && box.kernels != 0;
}

void Lagrangian::Describe(const Tangents& tangents, Maximiser& maximiser) const {
  const size_t blocks = cells_.size();
  size_t at = 0;
  for (size_t o = 1; o < cells_.back().size(); ++o) {
    if (forward_.back()[o] + backward_.back()[o] > forward_.back()[at] + backward_.back()[at]) at = o;
  }
  std::vector<Cell> chain(blocks);
  for (size_t block = blocks; block-- > 0;) {
    chain[block] = cells_[block][at];
    at = block > 0 ? previous_[block][at] : 0;
  }
  std::array<double, kAdditiveBudgets> used{};
  double log_width = 0;
  const auto count = [&](const UnitFormulas& unit, double times, const Cell& in, const Cell& out, int bottleneck, double hidden) {
    const std::array<double, kSymbols> low{double(in.low), double(out.low), double(bottleneck), hidden};
    const std::array<double, kSymbols> logs{std::log(in.high), std::log(out.high), bottleneck > 0 ? std::log(bottleneck) : 0, 0};
    for (const Budget budget : kEveryAdditive) used[budget] += times * unit.amounts[budget].At(low, {});
    log_width += times * unit.log_width.At(low, logs);
  };
  maximiser.candidate.blocks.clear();
  Cell in{problem_.input.channels, problem_.input.channels};
  for (size_t block = 0; block < blocks; ++block) {
    const Cell out = chain[block];
    const BestChoice best = problem_.blocks[block].is_stage ? BestChoiceOf(block, in, out) : BestChoice{0, 1, 0, false};
    const KernelForms& forms = forms_.blocks[block].kernels[best.kernel];
    const double hidden = hidden_[block].of.empty() ? 0 : hidden_[block].of[static_cast<size_t>(best.bottleneck)];
    count(forms.First(!best.equal), 1, in, out, best.bottleneck, hidden);
    if (best.depth > 1) count(forms.other, best.depth - 1, in, out, best.bottleneck, hidden);
    maximiser.candidate.blocks.push_back({forms.kernel, best.depth, out.low, best.bottleneck});
    in = out;
  }
  maximiser.layers = used[kLayers];
  maximiser.slack.clear();
  for (const Budget budget : additive_) {
    const HeadAmount& head = forms_.head[budget];
    const double all = used[budget] + head.constant + head.per_channel * in.low;
    maximiser.slack.push_back(1 - all / MostAllowed(*Limit(problem_, budget)));
  }
  if (has_effectiveness_) maximiser.slack.push_back((log_width - slope_ * used[kLayers] + tangents.layers) / kLayerUnit);
}

Lagrangian::BestChoice Lagrangian::BestChoiceOf(size_t block, const Cell& in, const Cell& out) const {
  const auto outputs = std::ranges::find_if(outputs_[block], [&](const Outputs& candidate) { return candidate.cell.low == out.low; });
  BestChoice best;
  best.equal = in.high >= out.low && in.low <= out.high;
  double best_value = kNothing;
  for (const Choice& option : choices_[block]) {
    int bottleneck = 0;
    const double value =
        Value(Prepare(option, best.equal ? option.equal : option.changed, *outputs), *outputs, in, hidden_[block], &bottleneck);
    if (value <= best_value) continue;
    best_value = value;
    best.kernel = option.kernel;
    best.depth = option.depth;
    best.bottleneck = bottleneck;
  }
  return best;
}

}  // namespace deepmad::mad
