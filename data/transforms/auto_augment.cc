#include "data/transforms/auto_augment.h"

#include <cmath>

namespace deepmad::data {
namespace {

using enum OpKind;

struct PolicyOp {
  OpKind kind;
  double probability;
  int magnitude;  // 0..9
};

constexpr PolicyOp kPolicy[25][2] = {
    {{kPosterize, .4, 8}, {kRotate, .6, 9}},      {{kSolarize, .6, 5}, {kAutoContrast, .6, 0}}, {{kEqualize, .8, 0}, {kEqualize, .6, 0}},
    {{kPosterize, .6, 7}, {kPosterize, .6, 6}},   {{kEqualize, .4, 0}, {kSolarize, .2, 4}},     {{kEqualize, .4, 0}, {kRotate, .8, 8}},
    {{kSolarize, .6, 3}, {kEqualize, .6, 0}},     {{kPosterize, .8, 5}, {kEqualize, 1, 0}},     {{kRotate, .2, 3}, {kSolarize, .6, 8}},
    {{kEqualize, .6, 0}, {kPosterize, .4, 6}},    {{kRotate, .8, 8}, {kColour, .4, 0}},         {{kRotate, .4, 9}, {kEqualize, .6, 0}},
    {{kEqualize, 0, 0}, {kEqualize, .8, 0}},      {{kInvert, .6, 0}, {kEqualize, 1, 0}},        {{kColour, .6, 4}, {kContrast, 1, 8}},
    {{kRotate, .8, 8}, {kColour, 1, 2}},          {{kColour, .8, 8}, {kSolarize, .8, 7}},       {{kSharpness, .4, 7}, {kInvert, .6, 0}},
    {{kShearX, .6, 5}, {kEqualize, 1, 0}},        {{kColour, .4, 0}, {kEqualize, .6, 0}},       {{kEqualize, .4, 0}, {kSolarize, .2, 4}},
    {{kSolarize, .6, 5}, {kAutoContrast, .6, 0}}, {{kInvert, .6, 0}, {kEqualize, 1, 0}},        {{kColour, .6, 4}, {kContrast, 1, 8}},
    {{kEqualize, .8, 0}, {kEqualize, .6, 0}},
};

double Sign(base::Random& random) { return random.Bernoulli(0.5) ? 1 : -1; }

AugmentOp DrawOp(const PolicyOp& entry, AutoAugment::Variant variant, base::Random& random) {
  const bool zen480 = variant == AutoAugment::Variant::kZen480;
  const double share = entry.magnitude / 9.0;
  AugmentOp op;
  op.kind = entry.kind;
  switch (entry.kind) {
    case kSolarize:
      op.value = 256 - 256 * share;
      break;
    case kPosterize:
      op.value = std::nearbyint(8 - 4 * share);
      break;
    case kColour:
    case kContrast:
    case kSharpness:
      op.value = 1 + Sign(random) * 0.9 * share;
      break;
    case kShearX:
      op.value = Sign(random) * 0.3 * share;
      break;
    case kRotate:
      op.value = (zen480 ? 1 : Sign(random)) * 30 * share;
      if (zen480) op.sampling = Sampling::kNearest;
      break;
    default:
      break;
  }
  return op;
}

}  // namespace

std::vector<AugmentOp> AutoAugment::Draw(base::Random& random) const {
  std::vector<AugmentOp> ops;
  for (const PolicyOp& entry : kPolicy[random.UniformInt(0, std::size(kPolicy) - 1)]) {
    if (random.Bernoulli(entry.probability)) ops.push_back(DrawOp(entry, variant, random));
  }
  return ops;
}

}  // namespace deepmad::data
