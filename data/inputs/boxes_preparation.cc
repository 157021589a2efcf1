#include "data/inputs/boxes_preparation.h"

#include <algorithm>

#include "data/transforms/channels.h"
#include "data/transforms/flip.h"
#include "data/transforms/padding.h"

namespace deepmad::data {
namespace {

constexpr int kChannels = 3;

int DrawShortEdge(const TrainingBoxes& training, base::Random& random) {
  const std::vector<int>& edges = training.short_edges;
  if (training.between) return static_cast<int>(random.UniformInt(edges.front(), edges.back()));
  return edges[static_cast<size_t>(random.UniformInt(0, static_cast<int64_t>(edges.size()) - 1))];
}

PreparedSample Prepare(const Sample& sample, const SceneScale& scale, bool mirrored, const Normaliser& normaliser) {
  const Size original = sample.picture.size(), resized = scale.SizeOf(original);
  PreparedSample prepared;
  prepared.shape.image = {kChannels, resized.height, resized.width};
  prepared.shape.boxes = true;
  prepared.boxes.height = resized.height;
  prepared.boxes.width = resized.width;
  prepared.boxes.scale_y = static_cast<double>(resized.height) / original.height;
  prepared.boxes.scale_x = static_cast<double>(resized.width) / original.width;
  if (sample.boxes) {
    prepared.boxes.image_id = sample.boxes->image_id;
    for (const LabelledBox& box : sample.boxes->boxes) {
      const LabelledBox moved = BoxInInput(box, original, resized, mirrored);
      if (moved.left < moved.right && moved.top < moved.bottom) prepared.boxes.boxes.push_back(moved);
    }
  }
  prepared.write = [&sample, resized, mirrored, &normaliser](MemoryLayout layout, const SampleMemory& memory) {
    Image image = sample.picture.Decode();
    ConvertChannels(image, kChannels);
    image = ResizeBilinear(image, resized);
    if (mirrored) FlipHorizontally(image);
    NormalisePadded(image, memory.room, normaliser, layout, memory.image);
  };
  return prepared;
}

}  // namespace

LabelledBox BoxInInput(const LabelledBox& box, Size original, Size resized, bool mirrored) {
  const double by_x = static_cast<double>(resized.width) / original.width, by_y = static_cast<double>(resized.height) / original.height;
  const auto place = [](float at, double factor, int side) { return static_cast<float>(std::clamp(at * factor, 0.0, double{1} * side)); };
  LabelledBox moved{place(box.left, by_x, resized.width), place(box.top, by_y, resized.height), place(box.right, by_x, resized.width),
                    place(box.bottom, by_y, resized.height), box.label};
  if (mirrored) {
    const auto width = static_cast<float>(resized.width);
    const float right = width - moved.left;
    moved.left = width - moved.right;
    moved.right = right;
  }
  return moved;
}

Preparation PrepareTrainingBoxes(const TrainingBoxes& training, const Normaliser& normaliser) {
  return [training, normaliser](const Sample& sample, base::Random random) {
    const int short_edge = DrawShortEdge(training, random);
    const bool mirrored = random.Bernoulli(training.flip);
    return Prepare(sample, {training.long_edge, short_edge}, mirrored, normaliser);
  };
}

Preparation PrepareWholeBoxes(const SceneScale& scale, const Normaliser& normaliser) {
  return [scale, normaliser](const Sample& sample, base::Random) { return Prepare(sample, scale, /*mirrored=*/false, normaliser); };
}

}  // namespace deepmad::data
