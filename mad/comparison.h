// Two networks side by side, for the terminal.
#pragma once

#include <string>

#include "mad/design.h"

namespace deepmad::mad {

// Totals with their ratio, then for each stage of either network its channels, map, units, parameters and MACs. Lines end in a newline.
std::string ComparisonTable(const NetworkSpec& left, const Assessment& left_assessment, const NetworkSpec& right,
                            const Assessment& right_assessment);

}  // namespace deepmad::mad
