// Interface of sample preparation: turns a sample of any kind into its part of a batch.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>

#include "base/random.h"
#include "data/dataset/boxes.h"
#include "data/dataset/sample.h"
#include "data/image/image.h"
#include "data/transforms/normalise.h"

namespace deepmad::data {

struct InputShape {
  int channels = 3;
  int height = 0;
  int width = 0;

  int64_t values() const { return static_cast<int64_t>(channels) * height * width; }
  friend bool operator==(const InputShape&, const InputShape&) = default;
};

inline constexpr int kPaddedSides = 32;  // batches are padded to multiples of this, the stride of a backbone's coarsest map

// The shape of one sample in a batch.
struct SampleShape {
  InputShape image;
  Size label_map;  // size of the label map; 0 x 0 if the sample has one label
  int views = 0;   // views of a video; 0: an image, without this dimension
  int frames = 0;  // frames per view, the dimension after the channels; 0: single frames, without this dimension
  // True if objects are labelled. Their boxes take no batch memory, and images of different sizes share a batch: all are padded on the
  // right and below with 0 to the size of the largest, rounded up to a multiple of kPaddedSides.
  bool boxes = false;

  int64_t values() const { return image.values() * std::max(1, views) * std::max(1, frames); }
  bool has_whole_label() const { return labels() == 0 && !boxes; }
  int64_t labels() const { return static_cast<int64_t>(label_map.height) * label_map.width; }
  friend bool operator==(const SampleShape&, const SampleShape&) = default;
};

// The batch memory of one sample.
struct SampleMemory {
  float* image = nullptr;        // shape.values(), normalised
  int64_t* label = nullptr;      // one value; null if pixels or objects are labelled
  uint8_t* label_map = nullptr;  // labels() values, row by row: a class or 255; null if there is no label map
  Size room = {};                // rows and columns of the image's memory; larger than the sample if the batch is padded
};

struct PreparedSample {
  SampleShape shape;
  // Fills the memory. REQUIRES: preparation and sample are alive. Throws FailedError if the image cannot be decoded.
  std::function<void(MemoryLayout, const SampleMemory&)> write;
  InputBoxes boxes = {};  // used if shape.boxes
};

// A pure function of the sample and its random stream. Must be thread-safe. A Pipeline is a Preparation.
using Preparation = std::function<PreparedSample(const Sample& sample, base::Random random)>;

}  // namespace deepmad::data
