// Compares two networks in a table for the terminal.
#pragma once

#include <string>

#include "mad/design/design.h"

namespace deepmad::mad {

// Returns the totals with their ratios, then channels, map, units, parameters and MACs of each stage. Every line ends in a newline.
std::string ComparisonTable(const NetworkSpec& left, const Assessment& left_assessment, const NetworkSpec& right,
                            const Assessment& right_assessment);

}  // namespace deepmad::mad
