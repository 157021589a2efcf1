// UPerNet (models/heads/upernet.h) as ONNX nodes, for inputs of one size.
#pragma once

#include <string>
#include <vector>

#include "mad/network/network_spec.h"
#include "mad/recipe/layer.h"
#include "models/export/onnx_layers.h"
#include "models/export/onnx_map.h"

namespace deepmad::models {

// Adds UPerNet on `maps` of strides 4, 8, 16 and 32 and returns the name of the main logits [any, classes, height, width] at `size`, the
// size of the input. Pooling and resizing are products with constant matrices, because the operators of opset 17 are not exact for all
// sizes if the batch size is left open.
std::string AddUPerNet(const OnnxContext& context, const mad::HeadSpec& head, const std::vector<OnnxMap>& maps, const mad::Extent& size);

}  // namespace deepmad::models
