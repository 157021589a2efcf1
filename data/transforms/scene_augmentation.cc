#include "data/transforms/scene_augmentation.h"

#include <algorithm>
#include <array>

#include "data/image/label_map.h"
#include "data/transforms/crop.h"
#include "data/transforms/flip.h"

namespace deepmad::data {
namespace {

constexpr int kTries = 10;

Region DrawCrop(Size size, int side, base::Random& random) {
  Region crop;
  crop.top = static_cast<int>(random.UniformInt(0, std::max(size.height - side, 0)));
  crop.left = static_cast<int>(random.UniformInt(0, std::max(size.width - side, 0)));
  crop.height = std::min(side, size.height);
  crop.width = std::min(side, size.width);
  return crop;
}

// At least two classes, none of which has `most` of the labelled pixels or more.
bool IsVaried(const ImageView& labels, double most) {
  std::array<int64_t, 256> counts{};
  for (int y = 0; y < labels.height; ++y) {
    const uint8_t* row = labels.row(y);
    for (int x = 0; x < labels.width; ++x) ++counts[row[x]];
  }
  counts[kNoLabel] = 0;
  int64_t labelled = 0, largest = 0;
  for (const int64_t count : counts) {
    labelled += count;
    largest = std::max(largest, count);
  }
  return largest < labelled && static_cast<double>(largest) / static_cast<double>(labelled) < most;
}

Image CropAndFlip(const SceneDraw& draw, const Image& resized) {
  Image image = Crop(resized, draw.crop);
  if (draw.flip) FlipHorizontally(image);
  return image;
}

}  // namespace

SceneDraw SceneAugmentation::Draw(const ImageView& labels, base::Random& random) const {
  SceneDraw draw;
  draw.resized = scale.SizeOf(labels.size(), random.Uniform(min_ratio, max_ratio));
  const Image resized = ResizeNearest(labels, draw.resized);
  draw.crop = DrawCrop(draw.resized, side, random);
  for (int i = 0; i < kTries && !IsVaried(ImageView(resized).Part(draw.crop), cat_max_ratio); ++i) {
    draw.crop = DrawCrop(draw.resized, side, random);
  }
  draw.flip = random.Bernoulli(flip);
  draw.photometric = photometric.Draw(random);
  return draw;
}

Image ApplyToPicture(const SceneDraw& draw, const ImageView& picture) {
  Image image = CropAndFlip(draw, ResizeBilinear(picture, draw.resized));
  ApplyPhotometric(draw.photometric, image);
  return image;
}

Image ApplyToLabels(const SceneDraw& draw, const ImageView& labels) { return CropAndFlip(draw, ResizeNearest(labels, draw.resized)); }

}  // namespace deepmad::data
