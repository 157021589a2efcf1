#include "data/dataset/class_use.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "base/error.h"
#include "data/image/label_map.h"

namespace deepmad::data {
namespace {

void AddMap(const Image& map, ClassUse& use) {
  std::array<bool, 256> shown{};
  for (const uint8_t label : map.pixels) shown[label] = true;
  for (size_t i = 0; i < use.counts.size(); ++i) use.counts[i] += shown[i];
  use.unlabelled = use.unlabelled || shown[kNoLabel];
  ++use.looked_at;
}

}  // namespace

ClassUse UseOfClasses(const Dataset& dataset, int64_t most) {
  if (dataset.labels() != LabelKind::kPixels) return {dataset.class_counts(), dataset.size(), false};
  ClassUse use{std::vector<int64_t>(dataset.class_names().size()), 0, false};
  const int64_t looks = std::min(most, dataset.size());
  for (int64_t i = 0; i < looks; ++i) {
    try {
      const Sample sample = dataset.Get(i * dataset.size() / looks);
      if (sample.label_map) AddMap(*sample.label_map, use);
    } catch (const base::Error&) {  // is named when it is used
    }
  }
  return use;
}

std::string DescribeUnused(const Dataset& dataset, const ClassUse& use) {
  constexpr size_t kShown = 10;
  const bool pixels = dataset.labels() == LabelKind::kPixels;
  std::vector<std::string> unused;
  for (size_t i = 0; i < use.counts.size(); ++i) {
    if (use.counts[i] == 0) unused.push_back(fmt::format("'{}'", dataset.class_names()[i]));
  }
  // Masks as drawing programs write them: 0 and 255, of which one is the first class or none, and the other always none.
  const bool black_and_white = pixels && use.unlabelled && use.counts.size() - unused.size() <= 1;
  if (unused.empty() || use.looked_at == 0 || (use.looked_at < dataset.size() && !black_and_white)) return "";
  const size_t count = unused.size();
  if (count > kShown) unused.resize(kShown);
  std::string text = fmt::format("{} of {} classes without {} {}: {}{}", count, use.counts.size(),
                                 dataset.labels() == LabelKind::kBoxes ? "an" : "a", LabelledThing(dataset.labels()),
                                 fmt::join(unused, ", "), count > kShown ? fmt::format(" and {} more", count - kShown) : "");
  if (use.looked_at < dataset.size()) text += fmt::format(" (in {} of {} label maps)", use.looked_at, dataset.size());
  if (black_and_white)
    text += "; 255 is no class, it marks pixels without a label: number the classes 0, 1, ... (label_numbering: from_zero) or 1, 2, ...";
  return text;
}

}  // namespace deepmad::data
