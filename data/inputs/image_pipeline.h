// Transforms an image into the network's input: decode and crop, augmentation steps on 8-bit pixels, normalisation into the batch.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "base/random.h"
#include "data/image/image.h"
#include "data/inputs/decode_and_crop.h"
#include "data/inputs/sample_preparation.h"
#include "data/transforms/lighting.h"
#include "data/transforms/normalise.h"
#include "data/transforms/random_erasing.h"

namespace deepmad::data {

// Immutable and copyable. Thread-safe: several threads may use one Pipeline.
class Pipeline {
 public:
  // Changes the image in place. Draws from `random` only, which is the sample's own stream.
  using Step = std::function<void(Image& image, base::Random& random)>;

  // Transforms before (lighting) and after (erasing) normalisation. They draw after the steps, in this order.
  struct Finish {
    std::optional<Lighting> lighting;  // needs three channels
    std::optional<RandomErasing> erasing;
  };

  // REQUIRES: framing and steps produce an image of exactly `shape`.
  Pipeline(InputShape shape, Normaliser normaliser, Framing framing, std::vector<Step> steps, const Finish& finish);

  const InputShape& shape() const { return shape_; }

  // Writes shape().values() float32 values to `out`, a pure function of image and stream. Throws FailedError if the image cannot be
  // decoded.
  void Apply(const Picture& picture, base::Random random, MemoryLayout layout, float* out) const;
  // Makes a Pipeline a Preparation of samples with one label each.
  PreparedSample operator()(const Sample& sample, const base::Random& random) const;

 private:
  InputShape shape_;
  Normaliser normaliser_;
  Framing framing_;
  std::vector<Step> steps_;
  Finish finish_;
};

}  // namespace deepmad::data
