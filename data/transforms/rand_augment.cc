#include "data/transforms/rand_augment.h"

#include <algorithm>

namespace deepmad::data {
namespace {

using enum OpKind;

constexpr OpKind kOps[] = {kAutoContrast, kEqualize,   kInvert,    kRotate, kPosterize, kSolarize,   kSolarizeAdd, kColour,
                           kContrast,     kBrightness, kSharpness, kShearX, kShearY,    kTranslateX, kTranslateY};
constexpr FillColour kFill = {124, 116, 104};  // ImageNet's mean

double Sign(base::Random& random) { return random.Bernoulli(0.5) ? 1 : -1; }

double Value(OpKind kind, double level, base::Random& random) {
  switch (kind) {
    case kRotate:
      return Sign(random) * 30 * level / 10;
    case kShearX:
    case kShearY:
      return Sign(random) * 0.3 * level / 10;
    case kTranslateX:
    case kTranslateY:
      return Sign(random) * 0.45 * level / 10;
    case kColour:
    case kContrast:
    case kBrightness:
    case kSharpness:
      return std::max(0.1, 1 + Sign(random) * 0.9 * level / 10);
    case kPosterize:
      return 4 - static_cast<int>(4 * level / 10);
    case kSolarize:
      return 256 - std::min(256, static_cast<int>(256 * level / 10));
    case kSolarizeAdd:
      return std::min(128, static_cast<int>(110 * level / 10));
    default:
      return 0;
  }
}

}  // namespace

std::vector<AugmentOp> RandAugment::Draw(base::Random& random) const {
  std::vector<AugmentOp> drawn;
  for (int i = 0; i < ops; ++i) {
    const OpKind kind = kOps[random.UniformInt(0, std::size(kOps) - 1)];
    if (!random.Bernoulli(probability)) continue;
    const double level = std::clamp(random.Normal(magnitude, deviation), 0.0, 10.0);
    drawn.push_back({kind, Value(kind, level, random), Sampling::kBicubic, kFill});
  }
  return drawn;
}

}  // namespace deepmad::data
