#include "mad/relaxation.h"

#include <algorithm>
#include <cmath>

#include "mad/admitted.h"
#include "mad/cost.h"
#include "mad/entropy.h"

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

Relaxation::Relaxation(const DesignProblem& problem, std::vector<int> kernels) : problem_(problem), kernels_(std::move(kernels)) {
  Candidate shape_candidate = SmallestCandidate(problem_);
  for (size_t i = 0; i < kernels_.size(); ++i) shape_candidate.stages[i].kernel = kernels_[i];
  const NetworkSpec shape = ToNetwork(problem_, shape_candidate);
  layout_ = MakeScoreLayout(shape, *problem_.formulation);
  MapSizes maps = InputSizes(problem_.input);
  for (const PlacedBlock& block : PlaceBlocks(shape)) {
    BlockPlace place = PlaceOf(block, maps);
    place.type = block.type;
    place.changes_channels = true;
    places_.push_back(place);
    maps.Shrink(Square(block.spec->stride));
  }
  for (size_t i = 0; i < problem_.stages.size(); ++i) {
    if (problem_.stages[i].bottleneck_channels.high > 0) bottleneck_stages_.push_back(i);
  }

  const auto add = [&](double low, double high) {
    smooth_.lower.push_back(low);
    smooth_.upper.push_back(high);
  };
  add(std::log(problem_.stem.out_channels.low), std::log(problem_.stem.out_channels.high));
  for (const StageVariables& stage : problem_.stages) add(std::log(stage.out_channels.low), std::log(stage.out_channels.high));
  for (const size_t i : bottleneck_stages_) {
    add(std::log(problem_.stages[i].bottleneck_channels.low), std::log(problem_.stages[i].bottleneck_channels.high));
  }
  for (const StageVariables& stage : problem_.stages) add(stage.depth.low, stage.depth.high);

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

size_t Relaxation::BottleneckVariable(size_t stage) const {
  const auto found = std::find(bottleneck_stages_.begin(), bottleneck_stages_.end(), stage);
  return 1 + problem_.stages.size() + static_cast<size_t>(found - bottleneck_stages_.begin());
}

size_t Relaxation::DepthVariable(size_t stage) const { return 1 + problem_.stages.size() + bottleneck_stages_.size() + stage; }

template <typename T>
std::vector<BlockTotals<T>> Relaxation::Totals(const std::vector<T>& x) const {
  using std::exp;
  std::vector<BlockTotals<T>> totals;
  BlockDims<T> dims;
  dims.in = T(problem_.input.channels);
  for (size_t i = 0; i < places_.size(); ++i) {
    const bool is_stage = i > 0 && i <= problem_.stages.size();
    dims.out = i <= problem_.stages.size() ? exp(x[i]) : T(problem_.tail->out_channels);
    const bool has_bottleneck = is_stage && problem_.stages[i - 1].bottleneck_channels.high > 0;
    dims.bottleneck = has_bottleneck ? exp(x[BottleneckVariable(i - 1)]) : T(0);
    dims.depth = is_stage ? x[DepthVariable(i - 1)] : T(1);
    totals.push_back(CountBlock(places_[i], dims));
    dims.in = dims.out;
  }
  return totals;
}

// Every value is <= 0 where the constraint holds, of order 1 where it is badly broken.
template <typename T>
std::vector<T> Relaxation::ConstraintValues(const std::vector<T>& x) const {
  using std::log;
  const std::vector<BlockTotals<T>> totals = Totals(x);
  const Budgets& budgets = problem_.budgets;
  const bool macs = budgets.flops_convention == FlopsConvention::kMacs;
  const T last = totals.back().out_channels;
  T flops = macs ? last * T(problem_.head.classes) : T(0);
  T params = problem_.formulation->params_with_head ? (last + T(1)) * T(problem_.head.classes) : T(0);
  T layers{};
  T log_width{};
  std::vector<T> values;
  for (size_t i = 0; i < totals.size(); ++i) {
    flops += macs ? totals[i].macs : totals[i].reference_flops;
    params += totals[i].params;
    layers += totals[i].layers;
    log_width += totals[i].log_width;
    const bool stage_ends = i + 1 == totals.size() || layout_.stage[i + 1] != layout_.stage[i];
    // rho <= bound as L ln(L / bound) <= sum ln w: smooth, and convex in L.
    if (budgets.effectiveness && stage_ends) values.push_back(T(0.01) * (layers * log(layers / T(*budgets.effectiveness)) - log_width));
  }
  if (budgets.flops) values.push_back(flops / T(*budgets.flops) - T(1));
  if (budgets.params) values.push_back(params / T(*budgets.params) - T(1));
  if (budgets.layers) values.push_back(layers / T(*budgets.layers) - T(1));

  const Rules& rules = problem_.rules;
  for (size_t i = 0; i < problem_.stages.size(); ++i) {
    if (rules.non_decreasing_width) values.push_back(x[i] - x[i + 1]);
    if (rules.out_over_in_max > 0) values.push_back(x[i + 1] - x[i] - T(std::log(rules.out_over_in_max)));
  }
  for (const size_t i : bottleneck_stages_) {
    const T bottleneck = x[BottleneckVariable(i)];
    if (rules.bottleneck_over_out_min > 0) values.push_back(x[i + 1] + T(std::log(rules.bottleneck_over_out_min)) - bottleneck);
    values.push_back(bottleneck - x[i + 1] - T(std::log(rules.bottleneck_over_out_max)));
  }
  return values;
}

void Relaxation::EvaluateObjective(const std::vector<double>& x, double& value, std::vector<double>& gradient) const {
  const Formulation& formulation = *problem_.formulation;
  const auto smoothed = [&]<typename T>(const std::vector<T>& variables) {
    return ScoreStructure(Totals(variables), layout_, formulation, problem_.objective, kVarianceSmoothing).objective * T(objective_scale_);
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

RelaxedDesign Relaxation::Solve(double depth, double width_share, double max_seconds) const {
  std::vector<double> start;
  for (size_t i = 0; i < smooth_.lower.size(); ++i) {
    const bool is_depth = i >= DepthVariable(0);
    start.push_back(is_depth ? depth : smooth_.lower[i] + width_share * (smooth_.upper[i] - smooth_.lower[i]));
  }
  SmoothOptions options;
  options.max_seconds = max_seconds;
  const SmoothResult result = MaximiseSlsqp(smooth_, start, options);

  RelaxedDesign design;
  design.termination = result.termination;
  design.evaluations = result.evaluations;
  design.kernels = kernels_;
  std::vector<double> none;
  EvaluateObjective(result.x, design.objective, none);
  design.objective /= objective_scale_;
  for (const double value : ConstraintValues(result.x)) design.max_violation = std::max(design.max_violation, value);
  for (size_t i = 0; i <= problem_.stages.size(); ++i) design.widths.push_back(std::exp(result.x[i]));
  for (size_t i = 0; i < problem_.stages.size(); ++i) {
    const bool has_bottleneck = problem_.stages[i].bottleneck_channels.high > 0;
    design.bottlenecks.push_back(has_bottleneck ? std::exp(result.x[BottleneckVariable(i)]) : 0);
    design.depths.push_back(result.x[DepthVariable(i)]);
  }
  return design;
}

}  // namespace deepmad::mad
