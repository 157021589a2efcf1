// Predicts the time of a training step from a latency table: linear in what the step computes and moves.
#pragma once

#include <vector>

#include "mad/latency/latency_table.h"
#include "mad/network/network_spec.h"

namespace deepmad::mad {

// Requires a valid spec.
TrainingAmounts TrainingAmountsOf(const NetworkSpec& spec);

// Fitted to the measured steps of one case of a table, by non-negative least squares on TrainingAmountsOf and a constant.
class StepModel {
 public:
  explicit StepModel(const TrainingCase& measured);
  // Of a step on one batch of that case. Requires a valid spec.
  double Milliseconds(const NetworkSpec& spec) const;

 private:
  std::vector<double> rates_;  // milliseconds a unit of each amount; the constant last
};

}  // namespace deepmad::mad
