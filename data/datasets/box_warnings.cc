#include "data/datasets/box_warnings.h"

#include <fmt/format.h>

#include <set>

#include "data/annotations/coco_box_form.h"

namespace deepmad::data {

std::vector<std::string> BoxWarnings(const CocoAnnotations& file, const CocoSet& set) {
  constexpr double kMostLeftOut = 0.2, kMostReachingOut = 0.5;
  std::vector<std::string> warnings;
  const size_t all = file.annotations.size();
  const auto is_share = [all](size_t part, double least) {
    return part > 0 && static_cast<double>(part) >= least * static_cast<double>(all);
  };
  const size_t dropped = set.drops.thin_boxes.size() + set.drops.outside_boxes.size() + set.drops.empty_boxes.size();
  if (is_share(dropped, kMostLeftOut)) warnings.push_back(fmt::format("{} of {} boxes are left out", dropped, all));
  const std::string form = OtherBoxForm(file);
  const size_t reaching = BoxesReachingOut(file);
  if (!form.empty()) {
    warnings.push_back(form);
  } else if (is_share(reaching, kMostReachingOut)) {
    warnings.push_back(
        fmt::format("{} of {} boxes reach out of their picture: do the widths and heights of the images belong to them?", reaching, all));
  }
  std::set<std::string> names;
  for (const CocoCategory& category : file.categories) {
    if (!names.insert(category.name).second) warnings.push_back(fmt::format("two categories are called '{}'", category.name));
  }
  return warnings;
}

}  // namespace deepmad::data
