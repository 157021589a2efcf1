#include "mad/recipe/activation.h"

#include <stdexcept>
#include <vector>

#include "base/nearest.h"

namespace deepmad::mad {

const ActivationTraits& TraitsOf(ActivationKind kind) {
  for (const ActivationTraits& known : kActivationTraits) {
    if (known.kind == kind) return known;
  }
  throw std::logic_error("activation without traits");
}

const char* ActivationName(ActivationKind kind) { return TraitsOf(kind).name; }

ActivationKind ActivationFromName(const std::string& name, const std::string& where) {
  std::vector<std::string> names;
  for (const ActivationTraits& known : kActivationTraits) {
    if (name == known.name) return known.kind;
    names.push_back(known.name);
  }
  throw base::UnknownName("activation", name, names, where);
}

}  // namespace deepmad::mad
