#include "data/inputs/decode_and_crop.h"

#include <utility>

#include "data/transforms/channels.h"

namespace deepmad::data {
namespace {

// Colour becomes grey before the resize, as published pipelines do it; grey becomes colour after it, which is the same for less work.
template <typename Resizing>
Image ResizeTo(int channels, const PicturePart& part, const Resizing& resize) {
  Image image;
  if (part.view.channels > channels) {
    Image grey = Copy(part.view);
    ConvertChannels(grey, channels);
    image = resize(grey);
  } else {
    image = resize(part.view);
    ConvertChannels(image, channels);
  }
  return image;
}

// The most that a crop can be reduced by while decoding without being enlarged afterwards.
int Reduction(const Region& region, int side) {
  for (const int by : {8, 4, 2}) {
    if (region.width / by >= side && region.height / by >= side) return by;
  }
  return 1;
}

Image Fit(const Picture& picture, const ValidationResize& resize, int channels) {
  return ResizeTo(channels, picture.Read(picture.size().whole()), resize);
}

}  // namespace

Framing FrameRandomResized(const RandomResizedCrop& crop, int channels, const DecodeChoice& decode) {
  return [=](const Picture& picture, base::Random& random) {
    const Region region = crop.Draw(picture.size(), random);
    const DecodeOptions options{decode.fast_dct, decode.reduced ? Reduction(region, crop.side) : 1};
    return ResizeTo(channels, picture.Read(region, options), [&](const ImageView& part) {
      return Resize(part, {crop.side, crop.side}, crop.interpolation);
    });
  };
}

Framing FramePadded(const ValidationResize& fit, const PaddedRandomCrop& crop, int channels) {
  return [=](const Picture& picture, base::Random& random) {
    const Image image = Fit(picture, fit, channels);
    return Crop(image, crop.Draw({image.height, image.width}, random));
  };
}

Framing FrameCentred(const ValidationResize& resize, int channels) {
  return [=](const Picture& picture, base::Random&) { return Fit(picture, resize, channels); };
}

}  // namespace deepmad::data
