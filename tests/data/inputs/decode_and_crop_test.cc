#include "data/inputs/decode_and_crop.h"

#include <gtest/gtest.h>

#include "data/transforms/channels.h"
#include "tests/data/jpeg_writer.h"
#include "tests/data/pictures.h"

namespace deepmad::data {
namespace {

base::Random Stream(uint64_t index) { return base::Random(5, base::RandomPurpose::kAugment, 0, index); }

Picture AsJpeg(const Image& image, bool subsampled) {
  JpegForm form{JCS_RGB, JCS_YCbCr};
  form.horizontal = form.vertical = subsampled ? 2 : 1;
  const auto bytes = std::make_shared<const std::string>(WriteJpeg(image.height, image.width, 3, image.pixels, form));
  return Picture::Encoded(*bytes, bytes, "x.jpg");
}

Image Framed(const Framing& framing, const Picture& picture, uint64_t index) {
  base::Random random = Stream(index);
  return framing(picture, random);
}

TEST(FrameRandomResized, GivesWhatCropAndResizeOfTheDecodedPictureGive) {
  const RandomResizedCrop crop{24};
  for (const bool subsampled : {false, true}) {
    const Picture picture = AsJpeg(NoisePicture(61, 90, 3), subsampled);
    const Image decoded = picture.Decode();
    for (uint64_t i = 0; i < 50; ++i) {
      base::Random random = Stream(i);
      const Region region = crop.Draw({61, 90}, random);
      const Image expected = ResizeRegion(decoded, region, {24, 24}, {0, 0, 24, 24}, Interpolation::kBicubic);
      EXPECT_EQ(Framed(FrameRandomResized(crop, 3, {}), picture, i).pixels, expected.pixels) << i;
      EXPECT_EQ(Framed(FrameRandomResized(crop, 3, {}), Picture(decoded), i).pixels, expected.pixels) << i;
    }
  }
}

TEST(FrameRandomResized, IsAFunctionOfTheStream) {
  const Framing framing = FrameRandomResized({16}, 3, {});
  const Picture picture(NoisePicture(40, 50, 3));
  EXPECT_EQ(Framed(framing, picture, 3).pixels, Framed(framing, picture, 3).pixels);
  EXPECT_NE(Framed(framing, picture, 3).pixels, Framed(framing, picture, 4).pixels);
}

TEST(FrameRandomResized, MakesColourOfGreyAndGreyOfColour) {
  const Image grey = NoisePicture(30, 40, 1);
  Image repeated = grey;
  ConvertChannels(repeated, 3);
  EXPECT_EQ(Framed(FrameRandomResized({16}, 3, {}), grey, 1).pixels, Framed(FrameRandomResized({16}, 3, {}), repeated, 1).pixels);
  EXPECT_EQ(Framed(FrameRandomResized({16}, 1, {}), grey, 1).pixels, Framed(FrameRandomResized({16}, 1, {}), repeated, 1).pixels);
}

TEST(FrameRandomResized, DecodesReducedOrWithTheFastTransformOnlyWhenAsked) {
  const Picture picture = AsJpeg(SmoothPicture(90, 60, 3), false);
  const RandomResizedCrop crop{12, 0.9, 1};
  const Image exact = Framed(FrameRandomResized(crop, 3, {}), picture, 0);
  for (const DecodeChoice& choice : {DecodeChoice{true, false}, DecodeChoice{false, true}}) {
    const Image other = Framed(FrameRandomResized(crop, 3, choice), picture, 0);
    EXPECT_NE(other.pixels, exact.pixels);
    int64_t difference = 0;
    for (size_t i = 0; i < exact.pixels.size(); ++i) difference += std::abs(exact.pixels[i] - other.pixels[i]);
    EXPECT_LT(difference, static_cast<int64_t>(exact.pixels.size()) * 5);
  }
}

TEST(FrameCentred, IsTheValidationTransformOfTheWholePicture) {
  const Picture picture = AsJpeg(NoisePicture(61, 90, 3), true);
  const ValidationResize resize{24, 0.875, Interpolation::kBilinear};
  EXPECT_EQ(Framed(FrameCentred(resize, 3), picture, 0).pixels, resize(picture.Decode()).pixels);
}

TEST(FramePadded, CropsThePaddedPictureOfTheInputsSize) {
  const Image image = NoisePicture(32, 32, 3);
  const PaddedRandomCrop crop{32, 4};
  for (uint64_t i = 0; i < 20; ++i) {
    base::Random random = Stream(i);
    const Region region = crop.Draw({32, 32}, random);
    EXPECT_EQ(Framed(FramePadded({32, 1}, crop, 3), image, i).pixels, Crop(image, region).pixels);
  }
}

}  // namespace
}  // namespace deepmad::data
