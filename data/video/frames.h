// Random access to the frames of a video.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "data/image/image.h"

namespace deepmad::data {

// Receives one frame. `position` is the index of its number in the request; the view is valid during the call only.
using FrameUse = std::function<void(size_t position, const ImageView& frame)>;

// The frames of one video. Not thread-safe.
class Frames {
 public:
  virtual ~Frames() = default;

  virtual int64_t count() const = 0;  // decodable frames, at least 1
  virtual double fps() const = 0;     // 0: unknown
  // Calls `use` once for each i with frame numbers[i] of 0..count()-1 as 8-bit RGB, in any order; all frames have the same size. Decodes
  // each frame once and no more than necessary. Throws FailedError naming the video, or the frame's file, if a frame is damaged.
  virtual void Read(const std::vector<int64_t>& numbers, const FrameUse& use) = 0;
};

// Opens a video file or a folder of frames img_00001.jpg, img_00002.jpg, ... Throws FailedError naming the path if it cannot be read or has
// no frames.
std::unique_ptr<Frames> OpenFrames(const std::string& path);

// Reads frames and returns them in the order of `numbers`.
std::vector<Image> ReadFrames(Frames& frames, const std::vector<int64_t>& numbers);

}  // namespace deepmad::data
