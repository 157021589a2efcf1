// Numbers known before training that might order trained scores: the objective, and simpler ones to hold it against.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "mad/design/design.h"

namespace deepmad::train {

// By name: objective, weighted_entropy, effectiveness, flops, params, layers, mean_log_width (mean over the main path's convolutions of
// ln w, w = c_in * kernel volume / groups), inverse_widths (sum of 1 / w).
std::vector<std::pair<std::string, double>> Predictors(const mad::NetworkSpec& network, const mad::Assessment& assessment);

}  // namespace deepmad::train
