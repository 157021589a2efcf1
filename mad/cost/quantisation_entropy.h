// Statistics of quantised signals, for the entropy of quantised networks as the released code scores them.
#pragma once

#include "mad/recipe/layer.h"

namespace deepmad::mad {

// Standard deviation of clamp(round(x), -2^(bits-1), 2^(bits-1)) for x ~ N(0, sigma^2). Requires sigma > 0 and 1 <= bits <= 16.
double QuantisedStd(double sigma, int bits);

// What quantisation adds to the log standard deviation of a convolution's output, as released: inputs of standard deviation 5, weights of
// standard deviation 4: ln(QuantisedStd(5, activation) * QuantisedStd(4, weight)) - ln 5.
double QuantisationEntropy(const Bits& bits);

}  // namespace deepmad::mad
