// What a design problem takes where it says `auto` (docs/mathematics.md, "Less to tune").
#pragma once

#include <vector>

#include "mad/network_spec.h"

namespace deepmad::mad {

// The bound on the effectiveness: 0.3 for residual blocks of full convolutions and 0.5 for those with depthwise ones in every unit, the
// values that all published networks of the two kinds were designed with; for a mixture the geometric mean, weighted by the number of
// blocks. `network`: any structure of the problem.
double AutomaticEffectiveness(const NetworkSpec& network);

// 1 each and for the last stage twice as much as for all before it together: the published 1, 1, 1, 1, 8, for any number of stages.
std::vector<double> AutomaticStageWeights(int stages);

}  // namespace deepmad::mad
