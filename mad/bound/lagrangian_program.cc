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

void Lagrangian::FillPairs(size_t stage, bool keep_choices) {
  const std::vector<Cell>& inputs = cells_[stage];
  const std::vector<Outputs>& outputs = outputs_[stage];
  const size_t count = inputs.size() * outputs.size();
  pairs_[stage].assign(count, kNothing);
  if (keep_choices) choice_pairs_[stage].assign(choices_[stage].size(), std::vector<double>(count, kNothing));
  for (size_t o = 0; o < outputs.size(); ++o) {
    const Outputs& out = outputs[o];
    if (out.inputs.low > out.inputs.high) continue;
    size_t first = 0;
    while (first < inputs.size() && inputs[first].high < out.inputs.low) ++first;
    size_t end = inputs.size();
    while (end > first && inputs[end - 1].low > out.inputs.high) --end;
    if (first == end) continue;
    double* row = pairs_[stage].data() + o * inputs.size();
    for (size_t c = 0; c < choices_[stage].size(); ++c) {
      const Choice& choice = choices_[stage][c];
      FillRow(stage, choice, out, first, end);
      for (size_t i = first; i < end; ++i) row[i] = std::max(row[i], row_[i - first]);
      if (keep_choices)
        std::copy(row_.begin(), row_.end(), choice_pairs_[stage][c].begin() + static_cast<std::ptrdiff_t>(o * inputs.size() + first));
    }
  }
}

// Values of one choice at given outputs for the input cells first..end - 1, into row_.
void Lagrangian::FillRow(size_t stage, const Choice& choice, const Outputs& out, size_t first, size_t end) {
  const std::vector<Cell>& inputs = cells_[stage];
  const Prepared changed = Prepare(choice, choice.changed, out);
  row_.assign(end - first, 0.0);
  work_ += kRowTicks + kValueTicks * static_cast<Ticks>(end - first);
  if (out.bottlenecks.high > 0 && changed.hidden_in == 0) {
    slopes_.clear();
    for (size_t i = first; i < end; ++i) slopes_.push_back(changed.linear_in * inputs[i].low);
    best_bottleneck_.Maxima(changed.bottleneck, out.bottlenecks, hidden_[stage], slopes_, row_);
  }
  for (size_t i = first; i < end; ++i) {
    const Cell& in = inputs[i];
    const bool may_be_equal = in.high >= out.cell.low && in.low <= out.cell.high;
    double& value = row_[i - first];
    if (may_be_equal) {
      value = Value(Prepare(choice, choice.equal, out), out, in, hidden_[stage], nullptr);
    } else if (out.bottlenecks.high > 0 && changed.hidden_in != 0) {
      value = Value(changed, out, in, hidden_[stage], nullptr);
    } else {
      value += WithoutBottleneck(changed, in);
    }
  }
}

double Lagrangian::StemValue(const Cell& cell) const {
  const KernelForms& forms = forms_.blocks[0].kernels[0];
  const double channels = problem_.input.channels;
  const auto at = [&](const Form& form, int width) {
    const double log_width = log_[static_cast<size_t>(width)];
    return form.At<double>({channels, static_cast<double>(width), 0, 0}, {std::log(channels), log_width, 0, 0});
  };
  const double log_low = log_[static_cast<size_t>(cell.low)], log_high = log_[static_cast<size_t>(cell.high)];
  double value = (windows_.Weight(0) + windows_.OwnWeight(0, log_high)) * at(forms.first_changed.entropy, cell.high) +
                 width_gain_ * at(forms.first_changed.log_width, cell.high) + windows_.WidthTerm(0, log_low, log_high);
  for (const Budget budget : kEveryAdditive) {
    value -= price_[budget] * at(forms.first_changed.amounts[budget], cell.low);
  }
  return value;
}

// The tail block, where there is one, and the head.
double Lagrangian::TailValue(const Cell& cell) const {
  double value = 0;
  double last = cell.low;
  if (problem_.tail) {
    const size_t block = forms_.blocks.size() - 1;
    const KernelForms& forms = forms_.blocks[block].kernels[0];
    last = problem_.tail->out_channels;
    const double log_last = std::log(last);
    const auto at = [&](const Form& form, int width) {
      return form.At<double>({static_cast<double>(width), last, 0, 0}, {log_[static_cast<size_t>(width)], log_last, 0, 0});
    };
    const UnitFormulas& first = forms.first_changed;
    value += (windows_.Weight(block) + windows_.OwnWeight(block, log_last)) * at(first.entropy, cell.high) +
             width_gain_ * at(first.log_width, cell.high) + windows_.WidthTerm(block, log_last, log_last);
    for (const Budget budget : kEveryAdditive) {
      value -= price_[budget] * std::min(at(first.amounts[budget], cell.low), at(forms.first_equal.amounts[budget], cell.low));
    }
  }
  for (const Budget budget : kEveryAdditive) value -= price_[budget] * forms_.head[budget].per_channel * last;
  return value;
}

double Lagrangian::Forward(bool keep_choices) {
  forward_[0].clear();
  for (const Cell& cell : cells_[0]) forward_[0].push_back(StemValue(cell));
  for (size_t stage = 0; stage < outputs_.size(); ++stage) {
    FillPairs(stage, keep_choices);
    const size_t ins = cells_[stage].size(), outs = cells_[stage + 1].size();
    forward_[stage + 1].assign(outs, kNothing);
    previous_[stage + 1].assign(outs, 0);
    for (size_t o = 0; o < outs; ++o) {
      const double* row = pairs_[stage].data() + o * ins;
      for (size_t i = 0; i < ins; ++i) {
        const double value = forward_[stage][i] + row[i];
        if (value > forward_[stage + 1][o]) {
          forward_[stage + 1][o] = value;
          previous_[stage + 1][o] = i;
        }
      }
    }
  }
  double best = kNothing;
  backward_.back().clear();
  for (size_t o = 0; o < cells_.back().size(); ++o) {
    backward_.back().push_back(TailValue(cells_.back()[o]));
    best = std::max(best, forward_.back()[o] + backward_.back()[o]);
  }
  return best + constant_ + kRounding * (magnitude_ + std::abs(best));
}

void Lagrangian::Backward() {
  for (size_t stage = outputs_.size(); stage-- > 0;) {
    const size_t ins = cells_[stage].size(), outs = cells_[stage + 1].size();
    backward_[stage].assign(ins, kNothing);
    for (size_t o = 0; o < outs; ++o) {
      const double* row = pairs_[stage].data() + o * ins;
      for (size_t i = 0; i < ins; ++i) backward_[stage][i] = std::max(backward_[stage][i], row[i] + backward_[stage + 1][o]);
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
  for (size_t width = 0; width < cells_.size(); ++width) {
    const auto reaches = [&](size_t i) { return forward_[width][i] + backward_[width][i] >= needed; };
    size_t first = 0, last = cells_[width].size() - 1;
    while (first < last && !reaches(first)) ++first;
    while (last > first && !reaches(last)) --last;
    box.widths[width] = {cells_[width][first].low, cells_[width][last].high};
  }
  for (size_t stage = 0; stage < outputs_.size(); ++stage) {
    const size_t ins = cells_[stage].size();
    double at_end[2] = {kNothing, kNothing};
    uint64_t kernels = 0;
    for (size_t c = 0; c < choices_[stage].size(); ++c) {
      const Choice& choice = choices_[stage][c];
      double reached = kNothing;
      for (size_t o = 0; o < outputs_[stage].size(); ++o) {
        const double* row = choice_pairs_[stage][c].data() + o * ins;
        for (size_t i = 0; i < ins; ++i) reached = std::max(reached, forward_[stage][i] + row[i] + backward_[stage + 1][o]);
      }
      at_end[choice.upper_end] = std::max(at_end[choice.upper_end], reached);
      if (reached >= needed) kernels |= uint64_t{1} << choice.kernel;
    }
    box.kernels[stage] = kernels;
    Range& depths = box.depths[stage];
    if (depths.low < depths.high) depths = DepthsThatReach(depths, at_end[0], at_end[1], needed);
    if (depths.low > depths.high || kernels == 0) return false;
  }
  return true;
}

void Lagrangian::Describe(const Tangents& tangents, Maximiser& maximiser) const {
  const size_t stages = outputs_.size();
  size_t at = 0;
  for (size_t o = 1; o < cells_.back().size(); ++o) {
    if (forward_.back()[o] + backward_.back()[o] > forward_.back()[at] + backward_.back()[at]) at = o;
  }
  std::vector<Cell> chain(stages + 1);
  for (size_t width = stages + 1; width-- > 0;) {
    chain[width] = cells_[width][at];
    at = width > 0 ? previous_[width][at] : 0;
  }
  std::array<double, kAdditiveBudgets> used{};
  double log_width = 0;
  const auto count = [&](const UnitFormulas& unit, double times, const Cell& in, const Cell& out, int bottleneck, double hidden) {
    const std::array<double, kSymbols> low{double(in.low), double(out.low), double(bottleneck), hidden};
    const std::array<double, kSymbols> logs{std::log(in.high), std::log(out.high), bottleneck > 0 ? std::log(bottleneck) : 0, 0};
    for (const Budget budget : kEveryAdditive) used[budget] += times * unit.amounts[budget].At(low, {});
    log_width += times * unit.log_width.At(low, logs);
  };
  const int channels = problem_.input.channels;
  maximiser.candidate = {chain[0].low, {}};
  count(forms_.blocks[0].kernels[0].first_changed, 1, {channels, channels}, chain[0], 0, 0);
  for (size_t stage = 0; stage < stages; ++stage) {
    const Cell in = chain[stage];
    const auto out = std::find_if(outputs_[stage].begin(), outputs_[stage].end(),
                                  [&](const Outputs& candidate) { return candidate.cell.low == chain[stage + 1].low; });
    double best = kNothing;
    StageChoice choice;
    const KernelForms* forms = nullptr;
    bool equal = in.high >= out->cell.low && in.low <= out->cell.high;
    for (const Choice& option : choices_[stage]) {
      int bottleneck = 0;
      const double value = Value(Prepare(option, equal ? option.equal : option.changed, *out), *out, in, hidden_[stage], &bottleneck);
      if (value <= best) continue;
      best = value;
      forms = &forms_.blocks[stage + 1].kernels[option.kernel];
      choice = {problem_.stages[stage].kernels[option.kernel], option.depth, out->cell.low, bottleneck};
    }
    const double hidden = hidden_[stage].of.empty() ? 0 : hidden_[stage].of[static_cast<size_t>(choice.bottleneck_channels)];
    count(forms->First(!equal), 1, in, out->cell, choice.bottleneck_channels, hidden);
    count(forms->other, choice.depth - 1, in, out->cell, choice.bottleneck_channels, hidden);
    maximiser.candidate.stages.push_back(choice);
  }
  double last = chain.back().low;
  if (problem_.tail) {
    const int out = problem_.tail->out_channels;
    count(forms_.blocks.back().kernels[0].first_changed, 1, chain.back(), {out, out}, 0, 0);
    last = out;
  }
  maximiser.layers = used[kLayers];
  maximiser.slack.clear();
  for (const Budget budget : additive_) {
    const HeadAmount& head = forms_.head[budget];
    const double all = used[budget] + head.constant + head.per_channel * last;
    maximiser.slack.push_back(1 - all / MostAllowed(*Limit(problem_, budget)));
  }
  if (has_effectiveness_) maximiser.slack.push_back((log_width - slope_ * used[kLayers] + tangents.layers) / kLayerUnit);
}

}  // namespace deepmad::mad
