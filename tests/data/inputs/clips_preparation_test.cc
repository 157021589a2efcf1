#include "data/inputs/clips_preparation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "data/transforms/crop.h"
#include "data/transforms/flip.h"
#include "data/transforms/scene_resize.h"
#include "tests/data/pictures.h"

namespace deepmad::data {
namespace {

// Frames of noise in memory.
class NoiseFrames : public Frames {
 public:
  NoiseFrames(int64_t count, Size size) {
    for (int64_t i = 0; i < count; ++i) frames_.push_back(NoisePicture(size.height, size.width, 3, static_cast<uint64_t>(i) + 1));
  }
  int64_t count() const override { return static_cast<int64_t>(frames_.size()); }
  double fps() const override { return 25; }
  void Read(const std::vector<int64_t>& numbers, const FrameUse& use) override {
    for (size_t i = numbers.size(); i-- > 0;) use(i, frames_[static_cast<size_t>(numbers[i])]);  // some order of its own
  }
  const Image& frame(int64_t number) const { return frames_[static_cast<size_t>(number)]; }

 private:
  std::vector<Image> frames_;
};

Normaliser Plain() { return Normaliser({0, 0, 0}, {1, 1, 1}); }

base::Random Draws(uint64_t index) { return base::Random(3, base::RandomPurpose::kAugment, 0, index); }

struct Prepared {
  SampleShape shape;
  std::vector<float> values;
  int64_t label = -1;
};

Prepared Prepare(const Preparation& prepare, const std::shared_ptr<Frames>& video, uint64_t index = 0,
                 MemoryLayout layout = MemoryLayout::kContiguous) {
  Sample sample;
  sample.label = 7;
  sample.video = video;
  const PreparedSample prepared = prepare(sample, Draws(index));
  Prepared result{prepared.shape, std::vector<float>(static_cast<size_t>(prepared.shape.values()), -1), -1};
  prepared.write(layout, {result.values.data(), &result.label, nullptr});
  return result;
}

// The values of an image as [C][H][W] on [0, 1].
std::vector<float> Planes(const Image& image) {
  std::vector<float> values(image.pixels.size());
  Plain().Apply(image, MemoryLayout::kContiguous, values.data());
  return values;
}

std::vector<float> Part(const Prepared& prepared, size_t part) {
  const auto size = static_cast<size_t>(prepared.shape.image.values());
  return {prepared.values.begin() + static_cast<std::ptrdiff_t>(part * size),
          prepared.values.begin() + static_cast<std::ptrdiff_t>((part + 1) * size)};
}

TEST(TestClips, AreTheCropsOfTheFramesClipByClip) {
  const auto video = std::make_shared<NoiseFrames>(9, Size{40, 52});
  TestClips clips;
  clips.sampling.segments = 4;
  clips.crop = TestClips::CropKind::kTen;
  clips.side = 24;
  clips.short_side = 32;
  const Prepared prepared = Prepare(PrepareTestClips(clips, Plain()), video);
  EXPECT_EQ(prepared.shape.views, 40);
  EXPECT_EQ(prepared.shape.frames, 0);
  EXPECT_EQ(prepared.label, 7);
  const std::vector<int64_t> numbers = SparseTestFrames(9, 4);
  for (const auto& [clip, crop] : {std::pair{0, 0}, {3, 4}, {1, 7}}) {
    const Image resized = ResizeBilinear(video->frame(numbers[static_cast<size_t>(clip)]), {32, 42});
    const FrameView view = TenViews({32, 42}, 24)[static_cast<size_t>(crop)];
    Image image = Crop(resized, view.region);
    if (view.mirrored) FlipHorizontally(image);
    EXPECT_EQ(Part(prepared, static_cast<size_t>(10 * clip + crop)), Planes(image)) << clip << " " << crop;
  }
}

TEST(TestClips, PutTimeBehindTheChannelsOfAClip) {
  const auto video = std::make_shared<NoiseFrames>(20, Size{16, 20});
  TestClips clips;
  clips.sampling.dense = DenseSampling{3, 2};
  clips.clips = 10;
  clips.crop = TestClips::CropKind::kThree;
  clips.side = clips.short_side = 16;
  const Prepared prepared = Prepare(PrepareTestClips(clips, Plain()), video);
  EXPECT_EQ(prepared.shape.views, 30);
  EXPECT_EQ(prepared.shape.frames, 3);
  const auto numbers = DenseSampling{3, 2}.Test(20, 25, 10);
  EXPECT_EQ(TestFrames(clips, *video), numbers);
  constexpr size_t kPlane = 16 * 16;
  for (const auto& [clip, crop, frame] : {std::tuple{0, 0, 0}, {4, 1, 2}, {9, 2, 1}}) {
    const std::vector<float> planes = Planes(Crop(video->frame(numbers[static_cast<size_t>(clip)][static_cast<size_t>(frame)]),
                                                  ThreeViews({16, 20}, 16)[static_cast<size_t>(crop)].region));
    for (size_t c = 0; c < 3; ++c) {
      const size_t at = ((static_cast<size_t>(3 * clip + crop) * 3 + c) * 3 + static_cast<size_t>(frame)) * kPlane;
      EXPECT_TRUE(std::equal(planes.begin() + static_cast<std::ptrdiff_t>(c * kPlane),
                             planes.begin() + static_cast<std::ptrdiff_t>((c + 1) * kPlane),
                             prepared.values.begin() + static_cast<std::ptrdiff_t>(at)))
          << clip << " " << crop << " " << frame << " channel " << c;
    }
  }
}

TEST(TrainingClips, CropAndMirrorAllFramesOfAVideoAlike) {
  // One picture at all times: whatever is drawn, all segments are equal.
  class Still : public NoiseFrames {
   public:
    Still() : NoiseFrames(1, {40, 60}) {}
    int64_t count() const override { return 30; }
    void Read(const std::vector<int64_t>& numbers, const FrameUse& use) override {
      for (size_t i = 0; i < numbers.size(); ++i) use(i, frame(0));
    }
  };
  const auto video = std::make_shared<Still>();
  for (const auto kind :
       {TrainingClips::CropKind::kMultiScale, TrainingClips::CropKind::kSquare, TrainingClips::CropKind::kRandomResized}) {
    TrainingClips clips;
    clips.crop = kind;
    clips.side = 28;
    clips.min_short_side = 32;
    clips.max_short_side = 36;
    const Preparation prepare = PrepareTrainingClips(clips, Plain());
    std::map<std::vector<float>, int> seen;
    for (uint64_t i = 0; i < 20; ++i) {
      const Prepared prepared = Prepare(prepare, video, i);
      EXPECT_EQ(prepared.shape.views, 3);
      EXPECT_EQ(Part(prepared, 0), Part(prepared, 1));
      EXPECT_EQ(Part(prepared, 0), Part(prepared, 2));
      EXPECT_EQ(Prepare(prepare, video, i).values, prepared.values) << "a pure function of the stream";
      ++seen[Part(prepared, 0)];
    }
    EXPECT_GT(seen.size(), 10U) << "and the videos differ";
  }
}

TEST(TrainingClips, TakeTheFramesOfTheSampling) {
  const auto video = std::make_shared<NoiseFrames>(30, Size{16, 16});
  TrainingClips clips;
  clips.sampling.dense = DenseSampling{4, 3};
  clips.crop = TrainingClips::CropKind::kSquare;
  clips.side = clips.min_short_side = clips.max_short_side = 16;
  clips.flip = 0;
  const Prepared prepared = Prepare(PrepareTrainingClips(clips, Plain()), video);
  EXPECT_EQ(prepared.shape.views, 1);
  EXPECT_EQ(prepared.shape.frames, 4);
  base::Random random = Draws(0);
  const std::vector<int64_t> numbers = clips.sampling.dense->Train(30, 25, random);
  for (size_t t = 0; t < 4; ++t) {
    const std::vector<float> planes = Planes(video->frame(numbers[t]));
    for (size_t c = 0; c < 3; ++c) {
      EXPECT_TRUE(std::equal(planes.begin() + static_cast<std::ptrdiff_t>(c * 256),
                             planes.begin() + static_cast<std::ptrdiff_t>((c + 1) * 256),
                             prepared.values.begin() + static_cast<std::ptrdiff_t>((c * 4 + t) * 256)));
    }
  }
}

TEST(TrainingClips, MirrorHalfOfTheVideos) {
  const auto video = std::make_shared<NoiseFrames>(1, Size{16, 16});
  TrainingClips clips;
  clips.sampling.segments = 1;
  clips.crop = TrainingClips::CropKind::kSquare;
  clips.side = clips.min_short_side = clips.max_short_side = 16;
  const Preparation prepare = PrepareTrainingClips(clips, Plain());
  const std::vector<float> plain = Planes(video->frame(0));
  int mirrored = 0;
  for (uint64_t i = 0; i < 1000; ++i) mirrored += Prepare(prepare, video, i).values != plain;
  EXPECT_NEAR(mirrored, 500, 60);
}

TEST(TrainingClips, LieTheSameWayInBothMemoryLayouts) {
  const auto video = std::make_shared<NoiseFrames>(12, Size{16, 20});
  TrainingClips clips;
  clips.side = 12;
  clips.min_short_side = clips.max_short_side = 16;
  const Preparation prepare = PrepareTrainingClips(clips, Plain());
  const Prepared planes = Prepare(prepare, video), pixels = Prepare(prepare, video, 0, MemoryLayout::kChannelsLast);
  for (size_t view = 0; view < 3; ++view) {
    for (size_t c = 0; c < 3; ++c) {
      for (size_t i = 0; i < 144; ++i) ASSERT_EQ(planes.values[(view * 3 + c) * 144 + i], pixels.values[(view * 144 + i) * 3 + c]);
    }
  }
}

}  // namespace
}  // namespace deepmad::data
