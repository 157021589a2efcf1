#include "data/inputs/scenes_preparation.h"

#include <algorithm>
#include <functional>
#include <stdexcept>
#include <utility>

#include "data/image/label_map.h"
#include "data/transforms/channels.h"
#include "data/transforms/padding.h"

namespace deepmad::data {
namespace {

constexpr int kChannels = 3;

Image DecodeColour(const Picture& picture) {
  Image image = picture.Decode();
  ConvertChannels(image, kChannels);
  return image;
}

}  // namespace

Preparation PrepareTrainingScenes(const SceneAugmentation& augmentation, const Normaliser& normaliser) {
  return [=](const Sample& sample, base::Random random) {
    if (!sample.label_map) throw std::logic_error("PrepareTrainingScenes: a sample without a label map");
    const SceneDraw draw = augmentation.Draw(*sample.label_map, random);
    const int side = augmentation.side;
    const auto write = [=, &sample](MemoryLayout layout, const SampleMemory& memory) {
      const Image image = ApplyToPicture(draw, DecodeColour(sample.picture)), map = ApplyToLabels(draw, *sample.label_map);
      NormalisePadded(image, {side, side}, normaliser, layout, memory.image);
      std::fill(memory.label_map, memory.label_map + static_cast<int64_t>(side) * side, kNoLabel);
      for (int y = 0; y < map.height; ++y) std::copy(map.row(y), map.row(y) + map.width, memory.label_map + static_cast<int64_t>(y) * side);
    };
    return PreparedSample{{{kChannels, side, side}, {side, side}}, write};
  };
}

namespace {

// Of the size that `size_of` gives for that of the picture.
Preparation PrepareUncropped(const std::function<Size(Size)>& size_of, const Normaliser& normaliser) {
  return [=](const Sample& sample, base::Random) {
    const Size original = sample.picture.size(), resized = size_of(original);
    const auto write = [=, &sample](MemoryLayout layout, const SampleMemory& memory) {
      normaliser.Apply(ResizeBilinear(DecodeColour(sample.picture), resized), layout, memory.image);
      if (sample.label_map) {
        std::copy(sample.label_map->pixels.begin(), sample.label_map->pixels.end(), memory.label_map);
      } else {
        std::fill(memory.label_map, memory.label_map + static_cast<int64_t>(original.height) * original.width, kNoLabel);
      }
    };
    return PreparedSample{{{kChannels, resized.height, resized.width}, original}, write};
  };
}

}  // namespace

Preparation PrepareWholeScenes(const SceneInput& input) {
  return PrepareUncropped([scale = input.scale](Size picture) { return scale.SizeOf(picture); }, input.normaliser);
}

Preparation PrepareLevelsOfScenes() {
  return PrepareUncropped([](Size picture) { return picture; }, Normaliser({0, 0, 0}, {1, 1, 1}));
}

}  // namespace deepmad::data
