// One labelled picture.
#pragma once

#include <cstdint>
#include <string>

#include "data/picture.h"

namespace deepmad::data {

struct Sample {
  Picture picture;
  int64_t label = -1;  // 0..classes-1
  std::string source;  // path, or "file#index": for messages
};

}  // namespace deepmad::data
