// The compressed pictures of a video file, in memory.
#pragma once

#include <ctime>
#include <string>
#include <vector>

#include "data/video/libav.h"

namespace deepmad::data {

// What a video may cost at most; more is taken for a broken or hostile file.
struct VideoLimits {
  double seconds = 300;                     // of processor time, of the calling thread, from opening a file on
  int64_t bytes = int64_t{1} << 31;         // of the file
  int64_t packets = int64_t{1} << 20;       // 9.7 h at 30 a second
  int64_t frame_pixels = int64_t{1} << 25;  // 8K
};

// Processor time of the calling thread since it was made: a decoder that turns in a circle is stopped, one that a busy machine slows is
// not.
class Deadline {
 public:
  explicit Deadline(double seconds);
  bool over() const;

 private:
  double end_;
};

struct VideoPackets {
  LibavOwner<AVCodecParameters> codec;
  AVRational time_base{0, 1};
  double fps = 0;                             // 0: unknown
  std::vector<LibavOwner<AVPacket>> packets;  // of the first video stream that is no cover picture, in the order of the file; at least one
};

// FailedError naming the file when it is none that is read, ends in the middle, or is beyond the limits.
VideoPackets ReadVideoPackets(const std::string& path, const VideoLimits& limits, const Deadline& deadline);

// "text (reason of the library)".
std::string WithReason(const std::string& text, int libav_error);

}  // namespace deepmad::data
