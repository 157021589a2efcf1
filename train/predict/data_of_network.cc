#include "train/predict/data_of_network.h"

namespace deepmad::train {
namespace {

bool Has(const base::Config& section, const std::string& path) {
  const size_t dot = path.find('.');
  if (dot == std::string::npos) return section.Has(path);
  return section.IsMap(path.substr(0, dot)) && Has(section.Section(path.substr(0, dot)), path.substr(dot + 1));
}

}  // namespace

base::Config DataSection(const base::Config& config, const std::vector<std::string>& defaults) {
  base::Config whole = config;
  if (config.Has("version")) return whole.Section("data");
  for (const std::string& assignment : defaults) {
    if (!Has(whole, "data." + assignment.substr(0, assignment.find('=')))) whole.Override("data." + assignment);
  }
  return whole.Section("data");
}

}  // namespace deepmad::train
