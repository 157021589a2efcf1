// Prepares a video for a network: samples frames, then crops and mirrors all frames of a view alike
// (docs/protocols/video.md, sections 2 and 3).
#pragma once

#include <optional>
#include <vector>

#include "data/preparation.h"
#include "data/transforms/normalise.h"
#include "data/transforms/random_resized_crop.h"
#include "data/video/frame_crops.h"
#include "data/video/frame_sampling.h"

namespace deepmad::data {

// Sparse: single frames for a 2-D network. Dense: a clip for a 3-D one.
struct ClipSampling {
  int segments = 3;                    // where `dense` is nothing
  std::optional<DenseSampling> dense;  // in place of segments

  int frames() const { return dense ? dense->frames : 0; }
};

// Views of a training sample: the segments, or one clip.
struct TrainingClips {
  enum class CropKind { kMultiScale, kSquare, kRandomResized };

  ClipSampling sampling;
  int side = 224;  // of the result, pixels
  CropKind crop = CropKind::kMultiScale;
  int min_short_side = 256, max_short_side = 256;  // to which frames are resized before, uniform
  double flip = 0.5;

  int views() const { return sampling.dense ? 1 : sampling.segments; }
};

// Views of a test sample: each clip (or frame) with each crop, clip by clip.
struct TestClips {
  enum class CropKind { kCentre, kTen, kThree };

  ClipSampling sampling;  // sparse: `segments` frames
  int clips = 1;          // of dense sampling
  CropKind crop = CropKind::kCentre;
  int side = 224;        // of the result; three crops are as large as the short side instead
  int short_side = 256;  // to which frames are resized before, pixels

  int crops() const { return crop == CropKind::kCentre ? 1 : crop == CropKind::kTen ? 10 : 3; }
  int views() const { return (sampling.dense ? clips : sampling.segments) * crops(); }
  int result_side() const { return crop == CropKind::kThree ? short_side : side; }
};

// Both give [views, C, H, W] of single frames or [views, C, frames, H, W] of clips; short sides are at least the result's. Resizes are
// bilinear without antialiasing.
Preparation PrepareTrainingClips(const TrainingClips& clips, const Normaliser& normaliser);
Preparation PrepareTestClips(const TestClips& clips, const Normaliser& normaliser);

// The frames of a test sample in the order of its views' clips, one list each.
std::vector<std::vector<int64_t>> TestFrames(const TestClips& clips, const Frames& video);

}  // namespace deepmad::data
