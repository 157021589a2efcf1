// The operations of augmentation policies, against golden vectors made with Pillow's rules and against cases computed by hand
// (docs/protocols/classification.md, sections 3.9 and 3.10).
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "data/transforms/augment_op.h"
#include "data/transforms/tone.h"
#include "data/transforms/warp.h"
#include "tests/data/json_image.h"
#include "tests/data/pictures.h"
#include "tests/places.h"

namespace deepmad::data {
namespace {

OpKind KindOf(const std::string& name) {
  for (int kind = 0; kind <= static_cast<int>(OpKind::kRotate); ++kind) {
    if (OpName(static_cast<OpKind>(kind)) == name) return static_cast<OpKind>(kind);
  }
  ADD_FAILURE() << "no operation " << name;
  return OpKind::kInvert;
}

// "rotate:+21deg:nearest", "translate_x:2.4px:bicubic", "posterize:4", "invert".
Image ApplyNamed(const std::string& text, Image image, const FillColour& fill) {
  const size_t first = text.find(':'), second = text.find(':', first + 1);
  AugmentOp op;
  op.kind = KindOf(text.substr(0, first));
  op.fill = fill;
  if (first != std::string::npos) op.value = std::stod(text.substr(first + 1));
  if (second != std::string::npos) {
    const std::string sampling = text.substr(second + 1);
    op.sampling = sampling == "nearest" ? Sampling::kNearest : sampling == "bilinear" ? Sampling::kBilinear : Sampling::kBicubic;
  }
  if (op.kind == OpKind::kTranslateX) op.value /= image.width;
  if (op.kind == OpKind::kTranslateY) op.value /= image.height;
  op.Apply(image);
  return image;
}

TEST(PixelOps, EqualTheGoldenVectorsBitByBit) {
  const nlohmann::json vectors = nlohmann::json::parse(base::ReadFile(GoldenFolder() + "/pixel_ops.json"));
  const Image image = ImageFromJson(vectors.at("image"));
  const FillColour fill = vectors.at("fill").get<FillColour>();
  EXPECT_EQ(vectors.at("out").size(), 38u);
  for (const auto& [name, expected] : vectors.at("out").items()) {
    EXPECT_EQ(ApplyNamed(name, image, fill).pixels, ImageFromJson(expected).pixels) << name;
  }
}

TEST(PixelOps, EqualizeSpreadsARampAsTheVectorsSay) {
  const nlohmann::json vectors =
      nlohmann::json::parse(base::ReadFile(GoldenFolder() + "/pixel_ops.json")).at("equalize_gradient_one_channel");
  const auto in = vectors.at("image_row").get<std::vector<uint8_t>>();
  const int rows = vectors.at("rows").get<int>();
  Image image(rows, static_cast<int>(in.size()), 1);
  for (int y = 0; y < rows; ++y) std::copy(in.begin(), in.end(), image.row(y));
  Equalize(image);
  for (int y = 0; y < rows; ++y) {
    EXPECT_EQ(std::vector<uint8_t>(image.row(y), image.row(y) + image.width), vectors.at("out_row").get<std::vector<uint8_t>>());
  }
}

TEST(PixelOps, LeaveAFlatPictureFlat) {
  for (int kind = 0; kind <= static_cast<int>(OpKind::kRotate); ++kind) {
    for (const int channels : {1, 3}) {
      Image image(9, 14, channels);
      std::fill(image.pixels.begin(), image.pixels.end(), uint8_t{100});
      AugmentOp op;
      op.kind = static_cast<OpKind>(kind);
      op.value = op.kind == OpKind::kPosterize ? 3 : 0.2;
      op.fill = {100, 100, 100};
      op.Apply(image);
      for (const uint8_t value : image.pixels) ASSERT_EQ(value, image.pixels[0]) << Describe(op);
      if (op.kind >= OpKind::kShearX || op.kind <= OpKind::kEqualize) {
        EXPECT_EQ(image.pixels[0], 100) << Describe(op);
      }
    }
  }
}

TEST(PixelOps, WithFactorOneOrNoMovementChangeNothing) {
  const Image image = NoisePicture(12, 17, 3);
  for (const OpKind kind : {OpKind::kBrightness, OpKind::kColour, OpKind::kContrast, OpKind::kSharpness}) {
    Image changed = image;
    AugmentOp{kind, 1}.Apply(changed);
    EXPECT_EQ(changed.pixels, image.pixels) << OpName(kind);
  }
  for (const Sampling sampling : {Sampling::kNearest, Sampling::kBilinear, Sampling::kBicubic}) {
    EXPECT_EQ(Warp(image, AffineMap{}, sampling, {}).pixels, image.pixels);
    EXPECT_EQ(Warp(image, RotateMap(0, {12, 17}), sampling, {}).pixels, image.pixels);
  }
}

TEST(Warp, RotatesCounterClockwise) {
  Image image(3, 3, 1);
  image.pixels = {1, 2, 3, 4, 5, 6, 7, 8, 9};
  EXPECT_EQ(Warp(image, RotateMap(90, {3, 3}), Sampling::kNearest, {}).pixels, (std::vector<uint8_t>{3, 6, 9, 2, 5, 8, 1, 4, 7}));
}

TEST(Warp, FillsWhatComesFromOutside) {
  Image image(2, 3, 3);
  std::fill(image.pixels.begin(), image.pixels.end(), uint8_t{9});
  const Image moved = Warp(image, TranslateMap(2, 0), Sampling::kBicubic, {1, 2, 3});
  for (int y = 0; y < 2; ++y) {
    EXPECT_EQ(std::vector<uint8_t>(moved.row(y), moved.row(y) + 9), (std::vector<uint8_t>{9, 9, 9, 1, 2, 3, 1, 2, 3}));
  }
}

TEST(AugmentOp, DescribesItself) {
  EXPECT_EQ(Describe({OpKind::kInvert}), "invert");
  EXPECT_EQ(Describe({OpKind::kSolarize, 128}), "solarize 128");
  EXPECT_EQ(Describe({OpKind::kRotate, -12.5, Sampling::kNearest}), "rotate -12.5 nearest");
}

}  // namespace
}  // namespace deepmad::data
