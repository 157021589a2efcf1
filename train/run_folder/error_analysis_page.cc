#include "train/run_folder/error_analysis_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "train/report/thumbnail.h"

namespace deepmad::train {
namespace {

constexpr int64_t kMatrixClasses = 20;
constexpr size_t kPairs = 30;

PageTable Matrix(const Findings& findings, const std::vector<std::string>& names) {
  PageTable table;
  table.columns = {""};
  table.columns.insert(table.columns.end(), names.begin(), names.end());
  for (int64_t label = 0; label < findings.classes(); ++label) {
    std::vector<std::string> row = {names[static_cast<size_t>(label)]};
    for (int64_t predicted = 0; predicted < findings.classes(); ++predicted)
      row.push_back(std::to_string(findings.count(label, predicted)));
    table.rows.push_back(std::move(row));
  }
  return table;
}

PageTable Pairs(const Findings& findings, const std::vector<std::string>& names) {
  struct Pair {
    int64_t count, label, predicted;
  };
  std::vector<Pair> pairs;
  std::vector<int64_t> samples(static_cast<size_t>(findings.classes()));
  for (int64_t label = 0; label < findings.classes(); ++label) {
    for (int64_t predicted = 0; predicted < findings.classes(); ++predicted) {
      const int64_t count = findings.count(label, predicted);
      samples[static_cast<size_t>(label)] += count;
      if (label != predicted && count > 0) pairs.push_back({count, label, predicted});
    }
  }
  std::stable_sort(pairs.begin(), pairs.end(), [](const Pair& a, const Pair& b) { return a.count > b.count; });
  pairs.resize(std::min(pairs.size(), kPairs));
  PageTable table;
  table.columns = {"true class", "taken for", "samples", "of the class"};
  for (const Pair& pair : pairs) {
    const auto label = static_cast<size_t>(pair.label);
    table.rows.push_back({names[label], names[static_cast<size_t>(pair.predicted)], std::to_string(pair.count),
                          fmt::format("{:.1f} %", 100.0 * static_cast<double>(pair.count) / static_cast<double>(samples[label]))});
  }
  return table;
}

}  // namespace

FindingsPage DrawFindings(const Findings& findings, const data::Dataset& validation) {
  FindingsPage page;
  if (findings.classes() == 0) return page;
  const std::vector<std::string>& names = validation.class_names();
  (findings.classes() <= kMatrixClasses ? page.confusion : page.confused) =
      findings.classes() <= kMatrixClasses ? Matrix(findings, names) : Pairs(findings, names);
  for (const Mistake& mistake : findings.worst()) {
    const data::Sample sample = validation.Get(mistake.sample);
    const data::Image image = sample.video ? data::ReadFrames(*sample.video, {sample.video->count() / 2})[0] : sample.picture.Decode();
    page.pictures.push_back({Thumbnail(image.pixels.data(), image.height, image.width, image.channels),
                             fmt::format("{}, taken for {} ({:.0f} %): {}", names[static_cast<size_t>(mistake.label)],
                                         names[static_cast<size_t>(mistake.predicted)], 100 * mistake.confidence, sample.source)});
  }
  return page;
}

}  // namespace deepmad::train
