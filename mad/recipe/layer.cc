#include "mad/recipe/layer.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/nearest.h"

namespace deepmad::mad {
namespace {

constexpr std::array<std::pair<ActivationKind, const char*>, 6> kActivations = {{
    {ActivationKind::kNone, "none"},
    {ActivationKind::kRelu, "relu"},
    {ActivationKind::kRelu6, "relu6"},
    {ActivationKind::kSilu, "silu"},
    {ActivationKind::kSigmoid, "sigmoid"},
    {ActivationKind::kGelu, "gelu"},
}};

constexpr int kNarrowestHead = 32;  // channels

}  // namespace

const char* ActivationName(ActivationKind kind) {
  for (const auto& [known, name] : kActivations) {
    if (known == kind) return name;
  }
  throw std::logic_error("activation without a name");
}

ActivationKind ActivationFromName(const std::string& name, const std::string& where) {
  std::vector<std::string> names;
  for (const auto& [kind, known] : kActivations) {
    if (name == known) return kind;
    names.push_back(known);
  }
  throw base::UnknownName("activation", name, names, where);
}

int AttentionHeads(int channels) {
  int heads = std::max(1, channels / kNarrowestHead);
  while (channels % heads != 0) --heads;
  return heads;
}

}  // namespace deepmad::mad
