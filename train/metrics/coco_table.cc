#include "train/metrics/coco_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace deepmad::train {

base::Json CocoScoresJson(const CocoScores& scores, const std::vector<std::string>& class_names) {
  base::Json classes = base::Json::array();
  for (size_t k = 0; k < scores.classes.size(); ++k) {
    const CocoClassScores& one = scores.classes[k];
    base::Json row = {{"id", one.category}, {"name", class_names.at(k)}, {"objects", one.truths}, {"detections", one.detections}};
    for (size_t s = 0; s < one.stats.size(); ++s) row[kCocoStatNames[s]] = one.stats[s];
    classes.push_back(std::move(row));
  }
  return {{"stats", scores.stats}, {"stat_names", kCocoStatNames}, {"classes", std::move(classes)}};
}

std::string CocoPercent(double value) { return value < 0 ? "-" : fmt::format("{:.1f}", 100 * value); }

std::string CocoScoresText(const base::Json& document) {
  std::string text;
  const base::Json &stats = document.at("stats"), &classes = document.at("classes");
  for (size_t s = 0; s < stats.size(); ++s) {
    const auto value = stats[s].get<double>();
    text += fmt::format("{:<9} {:>5}   {}\n", kCocoStatNames[s], CocoPercent(value), value);
  }
  size_t width = 5;
  for (const base::Json& row : classes) width = std::max(width, row.at("name").get_ref<const std::string&>().size());
  text += fmt::format("\n{:<{}} {:>8} {:>10} {:>6} {:>6} {:>6} {:>6} {:>6} {:>6} {:>6}\n", "class", width, "objects", "detections", "AP",
                      "AP50", "AP75", "small", "medium", "large", "AR100");
  for (const base::Json& row : classes) {
    text += fmt::format("{:<{}} {:>8} {:>10}", row.at("name").get_ref<const std::string&>(), width, row.at("objects").get<int64_t>(),
                        row.at("detections").get<int64_t>());
    for (const char* name : {"AP", "AP50", "AP75", "APsmall", "APmedium", "APlarge", "AR100"}) {
      text += fmt::format(" {:>6}", CocoPercent(row.at(name).get<double>()));
    }
    text += "\n";
  }
  return text;
}

}  // namespace deepmad::train
