// Detection heads (models/heads/detection_head.h) as ONNX nodes, for inputs of one size.
#pragma once

#include <vector>

#include "models/export/onnx_layers.h"
#include "models/export/onnx_map.h"
#include "models/heads/detection_head.h"

namespace deepmad::models {

// The maps of one level, as DetectionHead::Forward() returns them, for any number of images.
struct OnnxDetectionLevel {
  int stride;
  OnnxMap classes;    // [any, K, H, W] logits
  OnnxMap quality;    // [any, 1, H, W] logits
  OnnxMap distances;  // [any, 4, H, W] in pixels
};

// Adds a detection head. `maps` are the backbone's maps of strides 8, 16 and 32.
std::vector<OnnxDetectionLevel> AddDetector(const OnnxContext& context, const DetectionHead& head, const std::vector<OnnxMap>& maps);

// Decodes the levels of one image into detections by the rules of models/boxes/detect.h. `size` is the size of the input. Sets the outputs
// "boxes" [any, 4] xyxy in pixels of the input, "scores" [any] in descending order, and "labels" [any] int64, at most DetectOptions::most.
void AddDetections(OnnxGraph& graph, const std::vector<OnnxDetectionLevel>& levels, const mad::Extent& size, const DetectOptions& options);

}  // namespace deepmad::models
