// One labelled picture or video: a label for the whole, one for each pixel, or boxes around objects.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "data/boxes.h"
#include "data/picture.h"
#include "data/video/frames.h"

namespace deepmad::data {

// What has a label: the picture, each pixel, a video as a whole, or each object, whose box is known.
enum class LabelKind { kWhole, kPixels, kVideo, kBoxes };

// "picture", "pixel", "video", "object": for messages.
const char* LabelledThing(LabelKind labels);

inline constexpr int64_t kNoWholeLabel = -1;  // each pixel or object has its own, or nobody knows

struct Sample {
  Picture picture;
  int64_t label = kNoWholeLabel;  // 0..classes-1
  std::string source;             // path, or "file#index": for messages
  // Of the picture's size, one channel: 0..classes-1, or 255 for no class. Null where there is a label for the whole.
  std::shared_ptr<const Image> label_map = nullptr;
  // In place of the picture where the sample is a video; for the thread that got it.
  std::shared_ptr<Frames> video = nullptr;
  // Of the picture's objects; null where objects have no labels.
  std::shared_ptr<const PictureBoxes> boxes = nullptr;
};

}  // namespace deepmad::data
