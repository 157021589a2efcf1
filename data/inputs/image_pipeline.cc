#include "data/inputs/image_pipeline.h"

#include <stdexcept>
#include <utility>

namespace deepmad::data {

Pipeline::Pipeline(InputShape shape, Normaliser normaliser, Framing framing, std::vector<Step> steps, const Finish& finish)
    : shape_(shape), normaliser_(std::move(normaliser)), framing_(std::move(framing)), steps_(std::move(steps)), finish_(finish) {}

void Pipeline::Apply(const Picture& picture, base::Random random, MemoryLayout layout, float* out) const {
  Image image = framing_(picture, random);
  for (const Step& step : steps_) step(image, random);
  if (image.height != shape_.height || image.width != shape_.width || image.channels != shape_.channels) {
    throw std::logic_error("Pipeline: the steps leave a picture of another shape than promised");
  }
  if (finish_.lighting) {
    normaliser_.ApplyAdding(finish_.lighting->Draw(random), image, layout, out);
  } else {
    normaliser_.Apply(image, layout, out);
  }
  if (!finish_.erasing) return;
  const Size size{shape_.height, shape_.width};
  if (const std::optional<Region> region = finish_.erasing->Draw(size, random)) {
    finish_.erasing->Apply(*region, size, shape_.channels, layout, random, out);
  }
}

PreparedSample Pipeline::operator()(const Sample& sample, const base::Random& random) const {
  return {{shape_, {}}, [this, &sample, random](MemoryLayout layout, const SampleMemory& memory) {
            Apply(sample.picture, random, layout, memory.image);
            *memory.label = sample.label;
          }};
}

}  // namespace deepmad::data
