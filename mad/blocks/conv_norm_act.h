// kxk convolution, norm, activation: the stems and tails.
#pragma once

#include "mad/recipe/block_type.h"

namespace deepmad::mad {

template <typename T>
Unit<T> ConvNormActivation(const UnitDims<T>& dims, const std::string& conv, const std::string& norm) {
  Branch<T> branch;
  branch.main = {Conv(conv, dims.in, dims.out, dims.kernel, dims.stride), BatchNorm(norm, dims.out)};
  branch.post = {Activation(dims.activation, dims.out)};
  return {branch};
}

}  // namespace deepmad::mad
