// The classes that weights were trained for, by their metadata.
#pragma once

#include <string>
#include <vector>

#include "models/weights/weights_file.h"

namespace deepmad::train {

// Empty where the file does not say, as those of other programs.
std::vector<std::string> ClassesOf(const models::WeightsFile& weights);

// Throws UsageError naming the first class whose name differs between `weights` and the data: scores of weights on classes with other
// names, or in another order, mean nothing. Weights without names are not checked, nor are classes that the data or the weights only number
// ("class 7"). `where` is the name of the weights' file.
void CheckSameClasses(const models::WeightsFile& weights, const std::vector<std::string>& of_data, const std::string& where);

}  // namespace deepmad::train
