#include "tests/cli/config_runs.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "tests/cli/small_run.h"
#include "tests/places.h"

namespace deepmad::cli {

std::vector<std::string> ConfigRuns(const std::function<bool(const std::string& name)>& wanted, std::vector<std::string> first) {
  std::vector<std::string> names = std::move(first);
  for (const auto& entry : std::filesystem::directory_iterator(SourceFolder() + "/configs/run")) {
    const std::string name = entry.path().stem().string();
    if (wanted(name) && std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  return names;
}

std::vector<std::string> SampleOf(std::vector<std::string> names, const char* variable, int count) {
  names.resize(std::min<size_t>(names.size(), static_cast<size_t>(Effort(variable, count))));
  return names;
}

std::vector<std::string> ConfigRunWords(const std::string& name, const std::string& data, const std::vector<std::string>& more) {
  std::vector<std::string> words = {
      "run", SourceFolder() + "/configs/run/" + name + ".yaml", "--quiet", "--json", "--device", "cpu", "data.root=" + data};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

}  // namespace deepmad::cli
