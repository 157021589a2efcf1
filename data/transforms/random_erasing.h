// Random erasing: overwrites a rectangle of the normalised input (Zhong et al., 2020; docs/protocols/classification.md, section 3.6).
#pragma once

#include <optional>

#include "base/random.h"
#include "data/image/image.h"
#include "data/transforms/normalise.h"

namespace deepmad::data {

struct RandomErasing {
  enum class Aspect { kLog, kLinear };          // height over width: exp(U(log 0.3, log 1/0.3)), or U(0.3, 3.3)
  enum class Fill { kZero, kColour, kPixels };  // 0 after normalising; a normal draw a channel; a normal draw a value

  double probability = 0.25;
  double min_area = 0.02;  // share of the input
  double max_area = 1.0 / 3;
  Aspect aspect = Aspect::kLog;
  Fill fill = Fill::kZero;

  // Returns the rectangle to erase, if any. Makes up to ten attempts at one that is smaller than the input in both dimensions.
  std::optional<Region> Draw(Size size, base::Random& random) const;
  // Overwrites `region` in one input of `size` and `channels`. The random values do not depend on the layout.
  void Apply(const Region& region, Size size, int channels, MemoryLayout layout, base::Random& random, float* input) const;
};

}  // namespace deepmad::data
