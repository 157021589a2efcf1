// Dense heads as Python source: UPerNet, FCOS, GFLv2.
#pragma once

#include <string>
#include <vector>

#include "mad/network/network_spec.h"

namespace deepmad::mad {

struct PythonHead {
  std::vector<std::string> init;     // statements of the network's constructor
  std::vector<std::string> methods;  // its `forward` and others, at the indentation of a class
  std::string pieces;                // functions and classes that these call
};

// Returns the head of a network with `spec.head.IsDense()`. Throws FailedError for a type without Python source.
PythonHead PythonDenseHead(const NetworkSpec& spec);

}  // namespace deepmad::mad
