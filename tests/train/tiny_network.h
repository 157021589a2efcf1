// A network that trains in a moment: 16 x 16 pictures, four classes.
#pragma once

#include "mad/network/network_spec.h"

namespace deepmad::train {

inline mad::NetworkSpec TinyNetwork() {
  return mad::NetworkFromConfig(base::Config::FromText(R"(
version: 1
name: tiny
input: {channels: 3, height: 16, width: 16}
blocks:
  - {type: conv, kernel: 3, stride: 2, out_channels: 8}
  - {type: basic, depth: 1, kernel: 3, stride: 2, bottleneck_channels: 12, out_channels: 16}
head: {type: classifier, classes: 4}
)"));
}

}  // namespace deepmad::train
