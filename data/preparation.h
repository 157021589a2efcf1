// From a sample to its part of a batch, whatever kind of picture and label it has.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>

#include "base/random.h"
#include "data/boxes.h"
#include "data/image.h"
#include "data/sample.h"
#include "data/transforms/normalise.h"

namespace deepmad::data {

struct InputShape {
  int channels = 3;
  int height = 0;
  int width = 0;

  int64_t values() const { return static_cast<int64_t>(channels) * height * width; }
  friend bool operator==(const InputShape&, const InputShape&) = default;
};

inline constexpr int kPaddedSides = 32;  // the stride of the coarsest map that backbones give

// What one sample takes of a batch.
struct SampleShape {
  InputShape image;
  Size label_map;  // 0 x 0: one label for the whole
  int views = 0;   // of a video; 0: a picture, without that dimension
  int frames = 0;  // of each view, behind the channels; 0: single frames, without that dimension
  // Objects have the labels, which take no memory here, and pictures of several sizes share a batch: each has the top left corner of as
  // much room as the largest needs, in multiples of kPaddedSides, and 0 on the right and below.
  bool boxes = false;

  int64_t values() const { return image.values() * std::max(1, views) * std::max(1, frames); }
  bool has_whole_label() const { return labels() == 0 && !boxes; }
  int64_t labels() const { return static_cast<int64_t>(label_map.height) * label_map.width; }
  friend bool operator==(const SampleShape&, const SampleShape&) = default;
};

// Where it goes.
struct SampleMemory {
  float* image = nullptr;        // shape.values(), normalised
  int64_t* label = nullptr;      // one; null where pixels or objects have labels
  uint8_t* label_map = nullptr;  // labels(), row by row: a class or 255; null where there is none
  Size room = {};                // rows and columns of the image's memory; more than the sample's own where batches are padded
};

struct PreparedSample {
  SampleShape shape;
  // Fills the memory, while preparation and sample live. FailedError of the picture's decoder.
  std::function<void(MemoryLayout, const SampleMemory&)> write;
  InputBoxes boxes = {};  // where shape.boxes
};

// A pure function of the sample and its own stream, called by several threads at once. A Pipeline is one.
using Preparation = std::function<PreparedSample(const Sample& sample, base::Random random)>;

}  // namespace deepmad::data
