// Resolves the value `auto` in design problems (docs/mathematics.md, "Less to tune").
#pragma once

#include <vector>

#include "mad/network/network_spec.h"

namespace deepmad::mad {

// Returns the bound on the effectiveness: 0.3 for residual blocks of full convolutions, 0.5 for blocks with a depthwise convolution in
// every unit. All published networks of the two kinds were designed with these values. A mixture gets the geometric mean, weighted by the
// number of blocks. `network` is any structure of the problem.
double AutomaticEffectiveness(const NetworkSpec& network);

// Returns the stage weights: 1 each, and for the last stage twice the sum of all before it. For five stages these are the published
// 1, 1, 1, 1, 8.
std::vector<double> AutomaticStageWeights(int stages);

}  // namespace deepmad::mad
