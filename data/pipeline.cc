#include "data/pipeline.h"

#include <stdexcept>
#include <utility>

namespace deepmad::data {

Pipeline::Pipeline(InputShape shape, Normaliser normaliser, Framing framing, std::vector<Step> steps)
    : shape_(shape), normaliser_(std::move(normaliser)), framing_(std::move(framing)), steps_(std::move(steps)) {}

void Pipeline::Apply(const Picture& picture, base::Random random, MemoryLayout layout, float* out) const {
  Image image = framing_(picture, random);
  for (const Step& step : steps_) step(image, random);
  if (image.height != shape_.height || image.width != shape_.width || image.channels != shape_.channels) {
    throw std::logic_error("Pipeline: the steps leave a picture of another shape than promised");
  }
  normaliser_.Apply(image, layout, out);
}

}  // namespace deepmad::data
