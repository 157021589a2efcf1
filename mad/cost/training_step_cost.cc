#include "mad/cost/training_step_cost.h"

#include "mad/cost/network_cost.h"
#include "mad/latency/fused_layers.h"
#include "mad/latency/nonnegative_least_squares.h"

namespace deepmad::mad {

namespace {

void Add(const LayerWork<double>& work, TrainingAmounts& amounts) {
  const WorkShape& shape = work.shape;
  const double area = shape.map.Volume(), values = area * work.out, volume = shape.kernel.Volume();
  amounts[kStepLayers] += 1;
  switch (shape.op) {
    case FusedOp::kConv:
      amounts[volume == 1 ? kPointwiseMacs : kKernelMacs] += values * work.in * volume;
      amounts[kConvValues] += values;
      break;
    case FusedOp::kDepthwise:
      amounts[kDepthwiseMacs] += values * volume;
      amounts[kDepthwiseValues] += values;
      break;
    case FusedOp::kSqueezeExcite:
      amounts[kPointwiseMacs] += 2 * work.in * work.out;
      amounts[kOtherValues] += area * work.in;
      break;
    case FusedOp::kClassifier:
      amounts[kPointwiseMacs] += work.in * work.out;
      amounts[kOtherValues] += area * work.in;
      break;
    case FusedOp::kAttention:
      amounts[kPointwiseMacs] += 2 * area * values;
      amounts[kOtherValues] += values;
      break;
    case FusedOp::kInput:
    case FusedOp::kQuantise:
    case FusedOp::kAveragePool:
    case FusedOp::kMaxPool:
    case FusedOp::kLayerNorm:
    case FusedOp::kActivation:
    case FusedOp::kBatchNorm:
    case FusedOp::kLayerScale:
    case FusedOp::kAdd:
      amounts[kOtherValues] += values;
      break;
  }
}

}  // namespace

TrainingAmounts TrainingAmountsOf(const NetworkSpec& spec) {
  TrainingAmounts amounts{};
  for (const LayerWork<double>& work : NetworkWork(spec)) Add(work, amounts);
  amounts[kStepParams] = Cost(spec).params;
  return amounts;
}

StepModel::StepModel(const TrainingCase& measured) {
  std::vector<FitRow> rows;
  for (const StepMeasurement& step : measured.steps) {
    rows.push_back({{step.amounts.begin(), step.amounts.end()}, step.milliseconds.median});
    rows.back().features.push_back(1);
  }
  rates_ = FitNonnegative(rows);
}

double StepModel::Milliseconds(const NetworkSpec& spec) const {
  const TrainingAmounts amounts = TrainingAmountsOf(spec);
  double total = rates_.back();
  for (size_t i = 0; i < amounts.size(); ++i) total += rates_[i] * amounts[i];
  return total;
}

}  // namespace deepmad::mad
