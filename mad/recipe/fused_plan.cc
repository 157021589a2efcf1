#include "mad/recipe/fused_plan.h"

#include <iterator>
#include <stdexcept>

#include "base/nearest.h"

namespace deepmad::mad {
static_assert(std::size(kFusedOpTraits) == static_cast<size_t>(FusedOp::kClassifier) + 1, "each operation has traits");

const FusedOpTraits& TraitsOf(FusedOp op) {
  for (const FusedOpTraits& known : kFusedOpTraits) {
    if (known.op == op) return known;
  }
  throw std::logic_error("operation without traits");
}

const char* FusedOpName(FusedOp op) { return TraitsOf(op).name; }

FusedOp FusedOpFromName(const std::string& name, const std::string& where) {
  std::vector<std::string> names;
  for (const FusedOpTraits& known : kFusedOpTraits) {
    if (name == known.name) return known.op;
    names.push_back(known.name);
  }
  throw base::UnknownName("kind of layer", name, names, where);
}

std::string NameWithoutTensors(FusedOp op, ActivationKind activation) {
  if (op == FusedOp::kActivation) return ActivationName(activation);
  std::string name = FusedOpName(op);
  for (char& c : name) {
    if (c == ' ') c = '_';
  }
  return name;
}

}  // namespace deepmad::mad
