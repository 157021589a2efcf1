// From a picture to the network's input: framing, steps on 8-bit images, then normalisation straight into the batch.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "base/random.h"
#include "data/framing.h"
#include "data/image.h"
#include "data/preparation.h"
#include "data/transforms/lighting.h"
#include "data/transforms/normalise.h"
#include "data/transforms/random_erasing.h"

namespace deepmad::data {

// A value: copies share nothing that changes, and one Pipeline may serve several threads.
class Pipeline {
 public:
  // Changes the image in place, drawing only from the sample's own stream.
  using Step = std::function<void(Image& image, base::Random& random)>;

  // What is done around normalisation; draws come after those of the steps, in this order.
  struct Finish {
    std::optional<Lighting> lighting;  // of three channels
    std::optional<RandomErasing> erasing;
  };

  // Framing and steps must leave an image of exactly `shape`.
  Pipeline(InputShape shape, Normaliser normaliser, Framing framing, std::vector<Step> steps, const Finish& finish);

  const InputShape& shape() const { return shape_; }

  // Writes shape().values() float32 values to `out`. A pure function of the picture and the stream. FailedError of the picture's decoder.
  void Apply(const Picture& picture, base::Random random, MemoryLayout layout, float* out) const;
  // The same as a Preparation of samples with a label for the whole.
  PreparedSample operator()(const Sample& sample, const base::Random& random) const;

 private:
  InputShape shape_;
  Normaliser normaliser_;
  Framing framing_;
  std::vector<Step> steps_;
  Finish finish_;
};

}  // namespace deepmad::data
