#include "data/inputs/clips_preparation.h"

#include <algorithm>
#include <functional>
#include <stdexcept>
#include <utility>

#include "data/transforms/crop.h"
#include "data/transforms/flip.h"
#include "data/transforms/scene_resize.h"

namespace deepmad::data {
namespace {

constexpr int kChannels = 3;

Frames& VideoOf(const Sample& sample) {
  if (!sample.video) throw std::logic_error("a preparation of clips got a picture");
  return *sample.video;
}

SampleShape ShapeOf(int side, int views, int frames) {
  SampleShape shape;
  shape.image = {kChannels, side, side};
  shape.views = views;
  shape.frames = frames;
  return shape;
}

ImageView Resized(const ImageView& frame, Size size, Image& room) {
  if (frame.height == size.height && frame.width == size.width) return frame;
  room = ResizeBilinear(frame, size);
  return room;
}

// Puts images where they belong in the memory of one sample.
class ClipWriter {
 public:
  ClipWriter(const SampleShape& shape, const Normaliser& normaliser, MemoryLayout layout, float* memory)
      : shape_(shape), normaliser_(normaliser), layout_(layout), memory_(memory) {}

  void Put(const Image& image, int view, int frame) {
    const int64_t plane = static_cast<int64_t>(shape_.image.height) * shape_.image.width;
    if (shape_.frames == 0) return normaliser_.Apply(image, layout_, memory_ + view * shape_.image.values());
    planes_.resize(static_cast<size_t>(shape_.image.values()));
    normaliser_.Apply(image, MemoryLayout::kContiguous, planes_.data());
    for (int c = 0; c < kChannels; ++c) {  // [view][c][frame]
      const int64_t to = (static_cast<int64_t>(view) * kChannels + c) * shape_.frames + frame;
      std::copy_n(planes_.data() + c * plane, plane, memory_ + to * plane);
    }
  }

 private:
  const SampleShape shape_;
  const Normaliser& normaliser_;
  const MemoryLayout layout_;
  float* const memory_;
  std::vector<float> planes_;
};

// What happens to every frame of a training sample.
struct TrainingView {
  Size resized;
  Region crop;
  bool mirrored = false;
};

TrainingView Draw(const TrainingClips& clips, Size frame, base::Random& random) {
  TrainingView view;
  view.resized = WithShortSide(frame, static_cast<int>(random.UniformInt(clips.min_short_side, clips.max_short_side)));
  switch (clips.crop) {
    case TrainingClips::CropKind::kMultiScale:
      view.crop = MultiScaleCrop{clips.side}.Draw(view.resized, random);
      break;
    case TrainingClips::CropKind::kSquare:
      view.crop = DrawSquare(view.resized, clips.side, random);
      break;
    case TrainingClips::CropKind::kRandomResized:
      view.crop = RandomResizedCrop{clips.side}.Draw(view.resized, random);
      break;
  }
  view.mirrored = random.Bernoulli(clips.flip);
  return view;
}

}  // namespace

Preparation PrepareTrainingClips(const TrainingClips& clips, const Normaliser& normaliser) {
  return [=](const Sample& sample, base::Random random) {
    const SampleShape shape = ShapeOf(clips.side, clips.views(), clips.sampling.frames());
    const auto write = [=, &sample](MemoryLayout layout, const SampleMemory& memory) {
      Frames& video = VideoOf(sample);
      base::Random draws = random;
      const std::vector<int64_t> numbers = clips.sampling.dense ? clips.sampling.dense->Train(video.count(), video.fps(), draws)
                                                                : SparseTrainFrames(video.count(), clips.sampling.segments, draws);
      ClipWriter writer(shape, normaliser, layout, memory.image);
      std::optional<TrainingView> view;
      video.Read(numbers, [&](size_t position, const ImageView& frame) {
        if (!view) view = Draw(clips, frame.size(), draws);
        Image room, resized;
        const ImageView part = Resized(frame, view->resized, room).Part(view->crop);
        Image image = part.height == clips.side && part.width == clips.side ? Copy(part) : ResizeBilinear(part, {clips.side, clips.side});
        if (view->mirrored) FlipHorizontally(image);
        const int at = static_cast<int>(position);
        shape.frames == 0 ? writer.Put(image, at, 0) : writer.Put(image, 0, at);
      });
      *memory.label = sample.label;
    };
    return PreparedSample{shape, write};
  };
}

std::vector<std::vector<int64_t>> TestFrames(const TestClips& clips, const Frames& video) {
  if (clips.sampling.dense) return clips.sampling.dense->Test(video.count(), video.fps(), clips.clips);
  std::vector<std::vector<int64_t>> numbers;
  for (const int64_t number : SparseTestFrames(video.count(), clips.sampling.segments)) numbers.push_back({number});
  return numbers;
}

Preparation PrepareTestClips(const TestClips& clips, const Normaliser& normaliser) {
  return [=](const Sample& sample, base::Random) {
    const SampleShape shape = ShapeOf(clips.result_side(), clips.views(), clips.sampling.frames());
    const auto write = [=, &sample](MemoryLayout layout, const SampleMemory& memory) {
      Frames& video = VideoOf(sample);
      std::vector<int64_t> numbers;
      for (const auto& clip : TestFrames(clips, video)) numbers.insert(numbers.end(), clip.begin(), clip.end());
      const int length = std::max(1, clips.sampling.frames());
      ClipWriter writer(shape, normaliser, layout, memory.image);
      video.Read(numbers, [&](size_t position, const ImageView& frame) {
        Image room;
        const ImageView resized = Resized(frame, WithShortSide(frame.size(), clips.short_side), room);
        std::vector<FrameView> views = {CentreView(resized.size(), clips.side)};
        if (clips.crop == TestClips::CropKind::kTen) views = TenViews(resized.size(), clips.side);
        if (clips.crop == TestClips::CropKind::kThree) views = ThreeViews(resized.size(), clips.short_side);
        const int clip = static_cast<int>(position) / length, in_clip = static_cast<int>(position) % length;
        for (size_t i = 0; i < views.size(); ++i) {
          Image image = Copy(resized.Part(views[i].region));
          if (views[i].mirrored) FlipHorizontally(image);
          writer.Put(image, clip * static_cast<int>(views.size()) + static_cast<int>(i), in_clip);
        }
      });
      *memory.label = sample.label;
    };
    return PreparedSample{shape, write};
  };
}

}  // namespace deepmad::data
