// Prepares a video for a network: samples frames, then crops and mirrors all frames of a view alike
// (docs/protocols/video.md, sections 2 and 3).
#pragma once

#include <optional>
#include <vector>

#include "data/inputs/sample_preparation.h"
#include "data/transforms/normalise.h"
#include "data/transforms/random_resized_crop.h"
#include "data/video/frame_crops.h"
#include "data/video/frame_sampling.h"

namespace deepmad::data {

// Frame sampling: sparse (single frames for a 2-D network) or dense (a clip for a 3-D network).
struct ClipSampling {
  int segments = 3;                    // sparse sampling: number of segments; unused if `dense` is set
  std::optional<DenseSampling> dense;  // dense sampling; nullopt: sparse

  int frames() const { return dense ? dense->frames : 0; }
};

// How training samples are made. The views of a sample are the frames of its segments, or one clip.
struct TrainingClips {
  enum class CropKind { kMultiScale, kSquare, kRandomResized };

  ClipSampling sampling;
  int side = 224;  // of the result, pixels
  CropKind crop = CropKind::kMultiScale;
  int min_short_side = 256, max_short_side = 256;  // frames are resized to a uniform draw from this range before the crop
  double flip = 0.5;

  int views() const { return sampling.dense ? 1 : sampling.segments; }
};

// How test samples are made. The views of a sample are all combinations of clip (or frame) and crop, clip by clip.
struct TestClips {
  enum class CropKind { kCentre, kTen, kThree };

  ClipSampling sampling;  // sparse: `segments` frames
  int clips = 1;          // of dense sampling
  CropKind crop = CropKind::kCentre;
  int side = 224;        // side of the result in pixels; with CropKind::kThree it is short_side
  int short_side = 256;  // frames are resized to this before the crop, pixels

  int crops() const { return crop == CropKind::kCentre ? 1 : crop == CropKind::kTen ? 10 : 3; }
  int views() const { return (sampling.dense ? clips : sampling.segments) * crops(); }
  int result_side() const { return crop == CropKind::kThree ? short_side : side; }
};

// Prepares training samples: [views, C, H, W] from single frames or [views, C, frames, H, W] from clips. Resizes are bilinear without
// antialiasing. REQUIRES: the short side is at least the side of the result.
Preparation PrepareTrainingClips(const TrainingClips& clips, const Normaliser& normaliser);
Preparation PrepareTestClips(const TestClips& clips, const Normaliser& normaliser);

// Returns the frame numbers of each clip of a test sample, in the order of its views.
std::vector<std::vector<int64_t>> TestFrames(const TestClips& clips, const Frames& video);

}  // namespace deepmad::data
