// One operation of an augmentation policy, its parameters drawn: what was drawn can be looked at, written down and applied apart.
#pragma once

#include <string>
#include <vector>

#include "data/image/image.h"
#include "data/transforms/warp.h"

namespace deepmad::data {

enum class OpKind {
  kAutoContrast,
  kEqualize,
  kInvert,
  kSolarize,
  kSolarizeAdd,
  kPosterize,
  kBrightness,
  kColour,
  kContrast,
  kSharpness,
  kShearX,
  kShearY,
  kTranslateX,
  kTranslateY,
  kRotate,
};

struct AugmentOp {
  OpKind kind = OpKind::kInvert;
  // Solarize: the threshold; solarize-add: what is added; posterize: bits kept; brightness, colour, contrast, sharpness: the factor; shear:
  // the slope; translate: share of the side; rotate: degrees, counter-clockwise. Without meaning for the others.
  double value = 0;
  Sampling sampling = Sampling::kBicubic;  // of the last five
  FillColour fill = {128, 128, 128};       // of the last five

  void Apply(Image& image) const;
};

// "solarize", "shear_x", ...
const std::string& OpName(OpKind kind);
// "solarize 128", "rotate -12.5 bicubic".
std::string Describe(const AugmentOp& op);

}  // namespace deepmad::data
