#include "base/nearest.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace deepmad::base {
namespace {

// Optimal string alignment distance: three rows of the dynamic programme are enough.
size_t EditDistance(const std::string& a, const std::string& b) {
  std::vector<size_t> two_back(b.size() + 1), previous(b.size() + 1), current(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) previous[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    current[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      current[j] = std::min({previous[j] + 1, current[j - 1] + 1, previous[j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) current[j] = std::min(current[j], two_back[j - 2] + 1);
    }
    two_back.swap(previous);
    previous.swap(current);
  }
  return previous[b.size()];
}

}  // namespace

std::string NearestName(const std::string& name, const std::vector<std::string>& candidates) {
  const size_t limit = std::max<size_t>(2, name.size() / 3);
  size_t best = limit + 1;
  std::string nearest;
  for (const std::string& candidate : candidates) {
    const size_t length_gap = std::max(name.size(), candidate.size()) - std::min(name.size(), candidate.size());
    if (length_gap >= best) continue;
    const size_t distance = EditDistance(name, candidate);
    if (distance < best) {
      best = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

Error UnknownName(const std::string& kind, const std::string& name, const std::vector<std::string>& known, const std::string& where) {
  const std::string nearest = NearestName(name, known);
  std::string hint = nearest.empty() ? "" : fmt::format("did you mean '{}'? ", nearest);
  hint += known.empty() ? "none is known" : fmt::format("known: {}", fmt::join(known, ", "));
  return UsageError(fmt::format("unknown {} '{}'", kind, name), where, hint);
}

}  // namespace deepmad::base
