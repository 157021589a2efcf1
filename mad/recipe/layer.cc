#include "mad/recipe/layer.h"

#include <algorithm>

namespace deepmad::mad {
namespace {

constexpr int kNarrowestHead = 32;  // channels

}  // namespace

int AttentionHeads(int channels) {
  int heads = std::max(1, channels / kNarrowestHead);
  while (channels % heads != 0) --heads;
  return heads;
}

}  // namespace deepmad::mad
