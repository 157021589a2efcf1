// The frames of a video, by number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "data/image.h"

namespace deepmad::data {

// `position`: of the frame's number among those asked for. The view is valid during the call.
using FrameUse = std::function<void(size_t position, const ImageView& frame)>;

// Of one video, by one thread.
class Frames {
 public:
  virtual ~Frames() = default;

  virtual int64_t count() const = 0;  // decodable frames, at least 1
  virtual double fps() const = 0;     // 0: unknown
  // Shows frame numbers[i] of 0..count()-1 as 8-bit RGB, for each i once, in an order of its own choice; all are of one size. Decodes no
  // more than these need, and each once. FailedError naming the video, or the frame's file, when one of them is damaged.
  virtual void Read(const std::vector<int64_t>& numbers, const FrameUse& use) = 0;
};

// A video file, or a folder of its frames img_00001.jpg, img_00002.jpg, ... FailedError naming what cannot be read or holds no frame.
std::unique_ptr<Frames> OpenFrames(const std::string& path);

// The frames in the order of `numbers`.
std::vector<Image> ReadFrames(Frames& frames, const std::vector<int64_t>& numbers);

}  // namespace deepmad::data
