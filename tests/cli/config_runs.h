// The files of configs/run for one kind of data, for tests that plan and train them.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace deepmad::cli {

// Names without suffix of those that `wanted` chooses: `first` in their order, then the others.
std::vector<std::string> ConfigRuns(const std::function<bool(const std::string& name)>& wanted, std::vector<std::string> first);

// The first `count` of them, or as many as the environment variable says.
std::vector<std::string> SampleOf(std::vector<std::string> names, const char* variable, int count);

// The words of `deepmad run` for one of them on these data.
std::vector<std::string> ConfigRunWords(const std::string& name, const std::string& data, const std::vector<std::string>& more);

}  // namespace deepmad::cli
