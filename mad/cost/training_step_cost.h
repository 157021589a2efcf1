// Predicts the time of a training step from a latency table: linear in what the step computes and moves.
#pragma once

#include <vector>

#include "mad/latency/latency_table.h"
#include "mad/network/network_spec.h"

namespace deepmad::mad {

// Requires a valid spec.
TrainingAmounts TrainingAmountsOf(const NetworkSpec& spec);

// A model fitted to the measured steps of one case of a table: non-negative least squares on TrainingAmountsOf() and a constant.
class StepModel {
 public:
  explicit StepModel(const TrainingCase& measured);
  // Predicts the milliseconds of a step on one batch of the case. REQUIRES: the spec is valid.
  double Milliseconds(const NetworkSpec& spec) const;

 private:
  std::vector<double> rates_;  // milliseconds per unit of each amount; the constant is last
};

}  // namespace deepmad::mad
