#include "mad/cost/training_step_cost.h"

#include "mad/cost/network_cost.h"
#include "mad/latency/fused_layers.h"
#include "mad/latency/nonnegative_least_squares.h"

namespace deepmad::mad {

TrainingAmounts TrainingAmountsOf(const NetworkSpec& spec) {
  TrainingAmounts amounts{};
  for (const LayerWork<double>& work : NetworkWork(spec)) {
    const WorkShape& shape = work.shape;
    const double area = shape.map.Volume(), values = area * work.out;
    if (shape.layer == "conv") {
      const double volume = shape.kernel.Volume();
      amounts[volume == 1 ? kPointwiseMacs : kKernelMacs] += values * work.in * volume;
      amounts[kConvValues] += values;
    } else if (shape.layer == "depthwise") {
      amounts[kDepthwiseMacs] += values * shape.kernel.Volume();
      amounts[kDepthwiseValues] += values;
    } else if (shape.layer == "squeeze-excite") {
      amounts[kPointwiseMacs] += 2 * work.in * work.out;
      amounts[kOtherValues] += area * work.in;
    } else if (shape.layer == "pool and classifier") {
      amounts[kPointwiseMacs] += work.in * work.out;
      amounts[kOtherValues] += area * work.in;
    } else {
      if (shape.layer == "attention") amounts[kPointwiseMacs] += 2 * area * values;
      amounts[kOtherValues] += values;
    }
    amounts[kStepLayers] += 1;
  }
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
