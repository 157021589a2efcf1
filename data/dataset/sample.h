// A sample: an image or a video with one label, a label per pixel, or labelled boxes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "data/dataset/boxes.h"
#include "data/image/lazy_image.h"
#include "data/video/frames.h"

namespace deepmad::data {

// What is labelled: the image, each pixel, the video, or each object (with its box).
enum class LabelKind { kWhole, kPixels, kVideo, kBoxes };

// "picture", "pixel", "video", "object": for messages.
const char* LabelledThing(LabelKind labels);

inline constexpr int64_t kNoWholeLabel = -1;  // pixels or objects are labelled instead, or the label is unknown

struct Sample {
  Picture picture;
  int64_t label = kNoWholeLabel;  // 0..classes-1
  std::string source;             // path, or "file#index": for messages
  // Label of each pixel: one channel of the image's size, 0..classes-1 or 255 for unlabelled. Null unless pixels are labelled.
  std::shared_ptr<const Image> label_map = nullptr;
  // The video, if the sample is one; `picture` is then empty. Not thread-safe: for the thread that called Dataset::Get().
  std::shared_ptr<Frames> video = nullptr;
  // The boxes of the image's objects. Null unless objects are labelled.
  std::shared_ptr<const PictureBoxes> boxes = nullptr;
};

}  // namespace deepmad::data
