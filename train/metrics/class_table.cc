#include "train/metrics/class_table.h"

#include <fmt/format.h>

namespace deepmad::train {
namespace {

base::Json Share(int64_t part, int64_t whole) {
  return whole == 0 ? base::Json() : base::Json(static_cast<double>(part) / static_cast<double>(whole));
}

std::string Percent(const base::Json& share) { return share.is_null() ? "-" : fmt::format("{:.2f}", 100 * share.get<double>()); }

}  // namespace

base::Json ClassTable(const SegmentationCounts& counts, const std::vector<std::string>& names, int first) {
  base::Json table = base::Json::array();
  for (size_t i = 0; i < counts.classes().size(); ++i) {
    const ClassPixels& one = counts.classes()[i];
    if (one.either() == 0) continue;  // in neither: scored nowhere
    const size_t number = i + static_cast<size_t>(first);
    table.push_back({{"class", number},
                     {"name", i < names.size() ? names[i] : fmt::format("class {}", number)},
                     {"IoU", Share(one.both, one.either())},
                     {"Acc", Share(one.both, one.labelled)},
                     {"both", one.both},
                     {"predicted", one.predicted},
                     {"labelled", one.labelled}});
  }
  return table;
}

std::string ClassTableText(const base::Json& table) {
  std::string text = fmt::format("{:>5} {:<24} {:>7} {:>7} {:>13} {:>13}\n", "class", "", "IoU", "Acc", "labelled", "predicted");
  for (const base::Json& row : table) {
    text +=
        fmt::format("{:>5} {:<24} {:>7} {:>7} {:>13} {:>13}\n", row.at("class").get<int64_t>(), row.at("name").get<std::string>(),
                    Percent(row.at("IoU")), Percent(row.at("Acc")), row.at("labelled").get<int64_t>(), row.at("predicted").get<int64_t>());
  }
  return text;
}

}  // namespace deepmad::train
