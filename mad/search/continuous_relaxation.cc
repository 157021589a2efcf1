#include "mad/search/continuous_relaxation.h"

#include <algorithm>
#include <cmath>

#include "mad/cost/network_cost.h"
#include "mad/objective/entropy.h"
#include "mad/problem/budget_tolerance.h"
#include "mad/problem/feasibility.h"

namespace deepmad::mad {
namespace {

// Keeps the square root of the depth variance differentiable where all depths are equal.
constexpr double kVarianceSmoothing = 1e-9;
// Size of the objective beside constraints of order 1 at which SLSQP's line search behaves well.
constexpr double kTypicalObjective = 30;

std::vector<Dual> Variables(const std::vector<double>& x, size_t first) {
  std::vector<Dual> variables(x.begin(), x.end());
  for (size_t i = first; i < std::min(x.size(), first + Dual::kDirections); ++i) {
    variables[i] = Dual::Variable(x[i], static_cast<int>(i - first));
  }
  return variables;
}

}  // namespace

Relaxation::Relaxation(const DesignProblem& problem, std::vector<KernelChoice> kernels, Algorithm algorithm)
    : problem_(problem),
      kernels_(std::move(kernels)),
      algorithm_(algorithm),
      forms_(problem_),
      layout_(forms_.layout),
      widths_(problem_.BlocksBeforeTail()) {
  for (size_t i = 0; i < kernels_.size(); ++i) layout_.log_alpha[i] = forms_.blocks[i].OfKernel(kernels_[i]).log_alpha;
  for (size_t i = 0; i < problem_.blocks.size(); ++i) {
    if (problem_.blocks[i].bottleneck_channels.high > 0) bottleneck_blocks_.push_back(i);
  }

  const auto add = [&](double low, double high) {
    smooth_.lower.push_back(low);
    smooth_.upper.push_back(high);
  };
  const auto add_log = [&](const Range& range) { add(std::log(range.low), std::log(range.high)); };
  for (size_t i = 0; i < widths_; ++i) add_log(problem_.blocks[i].out_channels);
  for (const size_t i : bottleneck_blocks_) add_log(problem_.blocks[i].bottleneck_channels);
  for (const BlockVariables& block : problem_.blocks) {
    if (block.is_stage) add(block.depth.low, block.depth.high);
  }

  smooth_.constraints = static_cast<int>(ConstraintValues(smooth_.lower).size());
  smooth_.objective = [this](const std::vector<double>& x, std::vector<double>& gradient) {
    double value = 0;
    EvaluateObjective(x, value, gradient);
    return value;
  };
  smooth_.constraint_values = [this](const std::vector<double>& x, std::vector<double>& values, std::vector<double>& jacobian) {
    EvaluateConstraints(x, values, jacobian);
  };

  std::vector<double> middle;
  for (size_t i = 0; i < smooth_.lower.size(); ++i) middle.push_back((smooth_.lower[i] + smooth_.upper[i]) / 2);
  std::vector<double> none;
  double typical = 0;
  EvaluateObjective(middle, typical, none);
  objective_scale_ = kTypicalObjective / std::max(1.0, std::abs(typical));
}

size_t Relaxation::BottleneckVariable(size_t block) const {
  const auto found = std::find(bottleneck_blocks_.begin(), bottleneck_blocks_.end(), block);
  return widths_ + static_cast<size_t>(found - bottleneck_blocks_.begin());
}

size_t Relaxation::DepthVariable(size_t block) const { return widths_ + bottleneck_blocks_.size() + block - 1; }

Ticks Relaxation::work_an_evaluation() const {
  return RelaxationTicks(forms_.blocks.size(), (smooth_.lower.size() + Dual::kDirections - 1) / Dual::kDirections);
}

template <typename T>
Relaxation::Counts<T> Relaxation::Count(const std::vector<T>& x) const {
  using std::exp;
  Counts<T> counts;
  T in(problem_.input.channels);
  T log_in(std::log(problem_.input.channels));
  for (size_t i = 0; i < forms_.blocks.size(); ++i) {
    const BlockVariables& variables = problem_.blocks[i];
    const T out = i < widths_ ? exp(x[i]) : T(variables.out_channels.low);
    const T log_out = i < widths_ ? x[i] : T(std::log(variables.out_channels.low));
    const bool has_bottleneck = variables.bottleneck_channels.high > 0;
    const T log_bottleneck = has_bottleneck ? x[BottleneckVariable(i)] : T(0);
    const BlockForms& block = forms_.blocks[i];
    const T bottleneck = has_bottleneck ? exp(log_bottleneck) : T(0);
    const std::array<T, kSymbols> numbers{in, out, bottleneck, T(block.se_ratio) * bottleneck};
    const std::array<T, kSymbols> logs{log_in, log_out, log_bottleneck, T(0)};
    const KernelForms& forms = block.OfKernel(kernels_[i]);
    const T depth = variables.is_stage ? x[DepthVariable(i)] : T(1);
    const auto total = [&](const Form& first, const Form& other) {
      T value = first.At(numbers, logs);
      if (variables.is_stage) value += (depth - T(1)) * other.At(numbers, logs);
      return value;
    };
    for (const Budget budget : kEveryAdditive) {
      if (budget != kLayers && !Limit(problem_, budget)) continue;
      counts.used[budget] += total(forms.first_changed.amounts[budget], forms.other.amounts[budget]);
    }
    BlockTotals<T> totals;
    totals.log_width = total(forms.first_changed.log_width, forms.other.log_width);
    totals.layers = total(forms.first_changed.amounts[kLayers], forms.other.amounts[kLayers]);
    totals.log_quantisation = total(Form(forms.first_changed.log_quantisation), Form(forms.other.log_quantisation));
    totals.depth = depth;
    totals.out_channels = out;
    counts.blocks.push_back(totals);
    in = out;
    log_in = log_out;
  }
  for (const Budget budget : kEveryAdditive) {
    counts.used[budget] += T(forms_.head[budget].per_channel) * in + T(forms_.head[budget].constant);
  }
  return counts;
}

// Every value is <= 0 where the constraint holds, of order 1 where it is badly broken.
template <typename T>
std::vector<T> Relaxation::ConstraintValues(const std::vector<T>& x) const {
  const Counts<T> counts = Count(x);
  const std::optional<double>& effectiveness = problem_.budgets.effectiveness;
  UnitSums<T> sums;
  std::vector<T> values;
  for (size_t i = 0; i < counts.blocks.size(); ++i) {
    sums.layers += counts.blocks[i].layers;
    sums.log_width += counts.blocks[i].log_width;
    if (effectiveness && layout_.ends_stage[i]) values.push_back(T(0.01) * EffectivenessExcess(sums, MostAllowed(*effectiveness)));
  }
  for (const Budget budget : kEveryAdditive) {
    const std::optional<double>& limit = Limit(problem_, budget);
    if (limit) values.push_back(counts.used[budget] / T(MostAllowed(*limit)) - T(1));
  }

  const Rules& rules = problem_.rules;
  for (size_t i = 1; i < widths_; ++i) {
    if (rules.non_decreasing_width) values.push_back(x[i - 1] - x[i]);
    if (rules.out_over_in_max > 0) values.push_back(x[i] - x[i - 1] - T(std::log(rules.out_over_in_max)));
  }
  for (const size_t i : bottleneck_blocks_) {
    const T bottleneck = x[BottleneckVariable(i)];
    if (rules.bottleneck_over_out_min > 0) values.push_back(x[i] + T(std::log(rules.bottleneck_over_out_min)) - bottleneck);
    values.push_back(bottleneck - x[i] - T(std::log(rules.bottleneck_over_out_max)));
  }
  return values;
}

void Relaxation::EvaluateObjective(const std::vector<double>& x, double& value, std::vector<double>& gradient) const {
  const Formulation& formulation = *problem_.formulation;
  const auto smoothed = [&]<typename T>(const std::vector<T>& variables) {
    return ScoreStructure(Count(variables).blocks, layout_, formulation, problem_.objective, kVarianceSmoothing).objective *
           T(objective_scale_);
  };
  value = smoothed(x);
  if (gradient.empty()) return;
  for (size_t first = 0; first < x.size(); first += Dual::kDirections) {
    const Dual result = smoothed(Variables(x, first));
    for (size_t i = first; i < std::min(x.size(), first + Dual::kDirections); ++i)
      gradient[i] = result.partial(static_cast<int>(i - first));
  }
}

void Relaxation::EvaluateConstraints(const std::vector<double>& x, std::vector<double>& values, std::vector<double>& jacobian) const {
  values = ConstraintValues(x);
  if (jacobian.empty()) return;
  for (size_t first = 0; first < x.size(); first += Dual::kDirections) {
    const std::vector<Dual> results = ConstraintValues(Variables(x, first));
    for (size_t row = 0; row < results.size(); ++row) {
      for (size_t i = first; i < std::min(x.size(), first + Dual::kDirections); ++i) {
        jacobian[row * x.size() + i] = results[row].partial(static_cast<int>(i - first));
      }
    }
  }
}

RelaxedDesign Relaxation::Solve(double depth, double width_share, const RelaxationLimits& limits) const {
  std::vector<double> start;
  for (size_t i = 0; i < smooth_.lower.size(); ++i) {
    const bool is_depth = i >= DepthVariable(1);
    start.push_back(is_depth ? depth : smooth_.lower[i] + width_share * (smooth_.upper[i] - smooth_.lower[i]));
  }
  return SolveFrom(smooth_, start, limits);
}

RelaxedDesign Relaxation::SolveAtDepths(const RelaxedDesign& start, const std::vector<double>& depths,
                                        const RelaxationLimits& limits) const {
  SmoothProblem smooth = smooth_;
  std::vector<double> x;
  for (size_t i = 0; i < widths_; ++i) x.push_back(std::log(start.widths[i]));
  for (const size_t i : bottleneck_blocks_) x.push_back(std::log(start.bottlenecks[i]));
  for (size_t i = 0; i < depths.size(); ++i) {
    if (!problem_.blocks[i].is_stage) continue;
    smooth.lower[DepthVariable(i)] = smooth.upper[DepthVariable(i)] = depths[i];
    x.push_back(depths[i]);
  }
  return SolveFrom(smooth, x, limits);
}

RelaxedDesign Relaxation::SolveFrom(const SmoothProblem& smooth, const std::vector<double>& start, const RelaxationLimits& limits) const {
  SmoothOptions options;
  options.algorithm = algorithm_;
  options.max_seconds = limits.seconds;
  // A few dozen evaluations are enough for SLSQP; the time is the limit of the others.
  if (algorithm_ != Algorithm::kSlsqp) options.max_evaluations = 1000000;
  const Ticks affordable = std::max<Ticks>(1, limits.work / work_an_evaluation());
  options.max_evaluations = static_cast<int>(std::min<Ticks>(options.max_evaluations, affordable));
  const SmoothResult result = Maximise(smooth, start, options);

  RelaxedDesign design;
  design.termination = result.termination;
  design.evaluations = result.evaluations;
  design.kernels = kernels_;
  std::vector<double> none;
  EvaluateObjective(result.x, design.objective, none);
  design.objective /= objective_scale_;
  for (const double value : ConstraintValues(result.x)) design.max_violation = std::max(design.max_violation, value);
  for (size_t i = 0; i < problem_.blocks.size(); ++i) {
    const BlockVariables& block = problem_.blocks[i];
    design.widths.push_back(i < widths_ ? std::exp(result.x[i]) : block.out_channels.low);
    design.bottlenecks.push_back(block.bottleneck_channels.high > 0 ? std::exp(result.x[BottleneckVariable(i)]) : 0);
    design.depths.push_back(block.is_stage ? result.x[DepthVariable(i)] : 1);
  }
  return design;
}

}  // namespace deepmad::mad
