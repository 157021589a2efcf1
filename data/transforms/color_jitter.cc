#include "data/transforms/color_jitter.h"

namespace deepmad::data {

std::vector<AugmentOp> ColorJitter::Draw(base::Random& random) const {
  constexpr OpKind kKinds[] = {OpKind::kBrightness, OpKind::kContrast, OpKind::kColour};
  std::vector<AugmentOp> ops;
  for (const int64_t i : random.Permutation(3)) {
    AugmentOp op;
    op.kind = kKinds[i];
    op.value = random.Uniform(1 - strength, 1 + strength);
    ops.push_back(op);
  }
  return ops;
}

}  // namespace deepmad::data
