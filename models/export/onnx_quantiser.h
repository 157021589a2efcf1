// A quantised layer's input and weight (models/layers/lsq_quantiser.h) in ONNX's own terms, QuantizeLinear and DequantizeLinear with int8
// between.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "models/export/onnx_graph.h"

namespace deepmad::models {

// `layer` is the layer's name in the state_dict. FailedError for a step that is not positive, which the operators do not take.

// The values of `x` as multiples of the layer's step act_quan.s. Fewer bits than int8 has are a Clip before.
std::string AddQuantisedInput(OnnxGraph& graph, const std::string& layer, int bits, const std::string& x);

// The weight as whole numbers of the steps weight_quan.s: weightq, int8.
std::string AddQuantisedWeight(OnnxGraph& graph, const std::string& layer, int bits);

}  // namespace deepmad::models
