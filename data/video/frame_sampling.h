// Chooses the frames of a video that a network sees (docs/protocols/video.md, section 2). Frame numbers are 0..count-1.
#pragma once

#include <cstdint>
#include <vector>

#include "base/random.h"

namespace deepmad::data {

// One frame from each of equal segments (TSN).
std::vector<int64_t> SparseTrainFrames(int64_t count, int segments, base::Random& random);
// The middles of the segments. As published, in float64: frame int(k a + a / 2) of a = count / frames.
std::vector<int64_t> SparseTestFrames(int64_t count, int frames);

// Clips of `frames` frames, `step` apart; past the end they go on from the start.
struct DenseSampling {
  int frames = 8;
  int step = 8;
  double target_fps =
      0;  // a clip lasts as long as it would at this rate; 0: frames are taken as they are. Needs the video's rate, else as 0

  // At a uniform start.
  std::vector<int64_t> Train(int64_t count, double fps, base::Random& random) const;
  // Evenly spread; one clip: in the middle.
  std::vector<std::vector<int64_t>> Test(int64_t count, double fps, int clips) const;

 private:
  bool ByTime(double fps) const { return target_fps > 0 && fps > 0; }
  double Span(double fps) const;  // frames of the video that a clip spans, by time
  std::vector<int64_t> Clip(int64_t start, int64_t count, double fps) const;
};

}  // namespace deepmad::data
