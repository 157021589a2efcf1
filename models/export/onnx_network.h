// Exports a network in evaluation mode as an ONNX model. Derived from the recipe without tracing, so the model does not depend on an input.
#pragma once

#include "models/formats/onnx_file.h"
#include "models/network/network.h"

namespace deepmad::models {

struct OnnxOptions {
  // True: fold batch norms into the convolutions before them, except quantised ones. False: separate nodes with the tensors of the
  // state_dict.
  bool fold_norms = false;
  // For a network with a detection head. True: one image in, its detections out. False: the maps of the head.
  bool detections = false;
};

// Input "images": [any, C, (T,) H, W] float32, the size that the spec names, normalised. Output "logits" [any, classes], of a network with
// UPerNet "logits" [any, classes, H, W] of the input's size, with a detection head "classes_8", "quality_8" and "distances_8" and so on for
// each level (DetectionHead::Forward) or, if asked for, what AddDetections says, or of a network without classifier the map of each level
// that its head names, "stride_8" [any, C, (T,) H, W]. Weights have their names of the state_dict; folding adds a bias to the convolution,
// and a quantised layer has its weight as int8 under `weightq`. All weights are float32 besides, whatever type the network has. The
// network's own norm settings count. UsageError for detections of a network that finds none, FailedError where the weights are too large
// for the format, or a quantisation step is not positive.
OnnxModel OnnxFromNetwork(Network& network, const OnnxOptions& options);

}  // namespace deepmad::models
