#include "models/formats/wrapper_names.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>
#include <utility>

namespace deepmad::models {
namespace {

constexpr std::array<std::string_view, 4> kPrefixes = {"module.", "_orig_mod.", "_fsdp_wrapped_module.", "_forward_module."};
constexpr std::array<std::string_view, 2> kProfiled = {"total_ops", "total_params"};

bool IsProfilers(std::string_view name) {
  return std::ranges::any_of(kProfiled, [&](std::string_view last) {
    return name == last || (name.ends_with(last) && name[name.size() - last.size() - 1] == '.');
  });
}

bool AllStartWith(const std::vector<PlainName>& names, std::string_view prefix) {
  return !names.empty() && std::ranges::all_of(names, [&](const PlainName& one) { return one.name.starts_with(prefix); });
}

// An average of weights counts beside them; all else in it has a prefix.
bool IsAveragesCounter(std::string_view name) { return name == "n_averaged" || name == "steps"; }

void DropAveragesCounter(std::vector<PlainName>& names) {
  std::vector<PlainName> others;
  std::ranges::copy_if(names, std::back_inserter(others), [](const PlainName& one) { return !IsAveragesCounter(one.name); });
  const bool wrapped = std::ranges::any_of(kPrefixes, [&](std::string_view prefix) { return AllStartWith(others, prefix); });
  if (wrapped) names = std::move(others);
}

}  // namespace

std::vector<PlainName> PlainNames(const std::vector<std::string>& names) {
  std::vector<PlainName> plain;
  for (size_t i = 0; i < names.size(); ++i) {
    if (!IsProfilers(names[i])) plain.push_back({i, names[i]});
  }
  for (bool found = true; found;) {
    DropAveragesCounter(plain);
    found = false;
    for (const std::string_view prefix : kPrefixes) {
      if (!AllStartWith(plain, prefix)) continue;
      for (PlainName& one : plain) one.name.erase(0, prefix.size());
      found = true;
    }
  }
  return plain;
}

}  // namespace deepmad::models
