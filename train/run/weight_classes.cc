#include "train/run/weight_classes.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/json.h"

namespace deepmad::train {
namespace {

// What data sets call the class with this index where they know no name; some count from 1.
bool IsNumbered(const std::string& name, size_t index) {
  return name == fmt::format("class {}", index) || name == fmt::format("class {}", index + 1);
}

}  // namespace

std::vector<std::string> ClassesOf(const models::WeightsFile& weights) {
  const auto text = weights.metadata.find("classes");
  if (text == weights.metadata.end()) return {};
  const base::Json names = base::Json::parse(text->second, nullptr, /*allow_exceptions=*/false);
  if (!names.is_array() || !std::ranges::all_of(names, [](const base::Json& name) { return name.is_string(); })) return {};
  return names;
}

void CheckSameClasses(const models::WeightsFile& weights, const std::vector<std::string>& of_data, const std::string& where) {
  const std::vector<std::string> of_weights = ClassesOf(weights);
  if (of_weights.empty()) return;
  constexpr const char* kHint = "give the data that the weights were trained for, or train a new head (--head drop)";
  for (size_t i = 0; i < std::min(of_weights.size(), of_data.size()); ++i) {
    if (of_weights[i] == of_data[i] || IsNumbered(of_weights[i], i) || IsNumbered(of_data[i], i)) continue;
    throw base::UsageError(fmt::format("class {} is '{}' for the weights and '{}' in the data", i, of_weights[i], of_data[i]), where,
                           kHint);
  }
  if (of_weights.size() == of_data.size()) return;
  throw base::UsageError(fmt::format("the weights know {} classes, the data {}", of_weights.size(), of_data.size()), where, kHint);
}

}  // namespace deepmad::train
