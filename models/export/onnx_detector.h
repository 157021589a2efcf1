// Detection heads (models/heads/detection_head.h) as ONNX nodes, for inputs of one size.
#pragma once

#include <vector>

#include "models/export/onnx_layers.h"
#include "models/export/onnx_map.h"
#include "models/heads/detection_head.h"

namespace deepmad::models {

// One level: the maps that DetectionHead::Forward gives, any number of images.
struct OnnxDetectionLevel {
  int stride;
  OnnxMap classes;    // [any, K, H, W] logits
  OnnxMap quality;    // [any, 1, H, W] logits
  OnnxMap distances;  // [any, 4, H, W] in pixels
};

// `maps` of strides 8, 16 and 32.
std::vector<OnnxDetectionLevel> AddDetector(const OnnxContext& context, const DetectionHead& head, const std::vector<OnnxMap>& maps);

// From the levels of one image to its detections, as models/boxes/detect.h has them; `size` is that of the input. Sets the outputs "boxes"
// [any, 4] xyxy in pixels of the input, "scores" [any], falling, and "labels" [any] int64, at most DetectOptions::most of each.
void AddDetections(OnnxGraph& graph, const std::vector<OnnxDetectionLevel>& levels, const mad::Extent& size, const DetectOptions& options);

}  // namespace deepmad::models
