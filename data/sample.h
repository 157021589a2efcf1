// One labelled picture.
#pragma once

#include <cstdint>
#include <string>

#include "data/image.h"

namespace deepmad::data {

struct Sample {
  Image image;
  int64_t label = -1;  // 0..classes-1
  std::string source;  // path, or "file#index": for messages
};

}  // namespace deepmad::data
