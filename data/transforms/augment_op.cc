#include "data/transforms/augment_op.h"

#include <fmt/format.h>

#include <array>

#include "data/transforms/enhance.h"
#include "data/transforms/tone.h"

namespace deepmad::data {
namespace {

constexpr std::array<const char*, 3> kSamplingNames = {"nearest", "bilinear", "bicubic"};  // in the order of the enumeration

bool IsGeometric(OpKind kind) { return kind >= OpKind::kShearX; }

AffineMap MapOf(const AugmentOp& op, Size size) {
  switch (op.kind) {
    case OpKind::kShearX:
      return ShearXMap(op.value);
    case OpKind::kShearY:
      return ShearYMap(op.value);
    case OpKind::kTranslateX:
      return TranslateMap(op.value * size.width, 0);
    case OpKind::kTranslateY:
      return TranslateMap(0, op.value * size.height);
    default:
      return RotateMap(op.value, size);
  }
}

}  // namespace

void AugmentOp::Apply(Image& image) const {
  switch (kind) {
    case OpKind::kAutoContrast:
      return AutoContrast(image);
    case OpKind::kEqualize:
      return Equalize(image);
    case OpKind::kInvert:
      return Invert(image);
    case OpKind::kSolarize:
      return Solarize(image, value);
    case OpKind::kSolarizeAdd:
      return SolarizeAdd(image, static_cast<int>(value));
    case OpKind::kPosterize:
      return Posterize(image, static_cast<int>(value));
    case OpKind::kBrightness:
      return ScaleBrightness(image, value);
    case OpKind::kColour:
      return ScaleColour(image, value);
    case OpKind::kContrast:
      return ScaleContrast(image, value);
    case OpKind::kSharpness:
      return ScaleSharpness(image, value);
    default:
      image = Warp(image, MapOf(*this, {image.height, image.width}), sampling, fill);
  }
}

const std::string& OpName(OpKind kind) {
  static const std::array<std::string, 15> names = {"autocontrast", "equalize",   "invert",      "solarize",    "solarize_add",
                                                    "posterize",    "brightness", "color",       "contrast",    "sharpness",
                                                    "shear_x",      "shear_y",    "translate_x", "translate_y", "rotate"};
  return names[static_cast<size_t>(kind)];
}

std::string Describe(const AugmentOp& op) {
  if (op.kind <= OpKind::kInvert) return OpName(op.kind);
  if (!IsGeometric(op.kind)) return fmt::format("{} {}", OpName(op.kind), op.value);
  return fmt::format("{} {} {}", OpName(op.kind), op.value, kSamplingNames[static_cast<size_t>(op.sampling)]);
}

}  // namespace deepmad::data
