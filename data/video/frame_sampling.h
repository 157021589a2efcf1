// Chooses the frames of a video that a network sees (docs/protocols/video.md, section 2). Frame numbers are 0..count-1.
#pragma once

#include <cstdint>
#include <vector>

#include "base/random.h"

namespace deepmad::data {

// TSN training: draws one frame from each of `segments` equal segments.
std::vector<int64_t> SparseTrainFrames(int64_t count, int segments, base::Random& random);
// TSN testing: the middle frames of the segments, int(k a + a / 2) with a = count / frames in float64, as published.
std::vector<int64_t> SparseTestFrames(int64_t count, int frames);

// Dense sampling: clips of `frames` frames, `step` apart. Past the end of the video a clip continues at its start.
struct DenseSampling {
  int frames = 8;
  int step = 8;
  double target_fps =
      0;  // a clip lasts as long as it would at this rate; 0: frames are taken as they are. Needs the video's rate, else as 0

  // Returns the frames of a clip with a uniformly drawn start.
  std::vector<int64_t> Train(int64_t count, double fps, base::Random& random) const;
  // Returns the frames of evenly spread clips; a single clip lies in the middle.
  std::vector<std::vector<int64_t>> Test(int64_t count, double fps, int clips) const;

 private:
  bool ByTime(double fps) const { return target_fps > 0 && fps > 0; }
  double Span(double fps) const;  // frames of the video that a clip spans, by time
  std::vector<int64_t> Clip(int64_t start, int64_t count, double fps) const;
};

}  // namespace deepmad::data
