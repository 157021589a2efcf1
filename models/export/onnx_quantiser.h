// Exports the input and weight of a quantised layer (models/layers/lsq_quantiser.h) as QuantizeLinear and DequantizeLinear with int8
// values.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "models/export/onnx_graph.h"

namespace deepmad::models {

// `layer` is the layer's name in the state_dict. Throws FailedError if a step is not positive, which the operators
// do not support.

// Quantises `x` to multiples of the layer's step act_quan.s. Bit widths below 8 add a Clip node.
std::string AddQuantisedInput(OnnxGraph& graph, const std::string& layer, int bits, const std::string& x);

// Adds the weight as int8 multiples of the steps weight_quan.s, named weightq.
std::string AddQuantisedWeight(OnnxGraph& graph, const std::string& layer, int bits);

}  // namespace deepmad::models
