// A network as one file of plain PyTorch: for people who train and deploy without this program.
#pragma once

#include <string>

#include "mad/network/network_spec.h"

namespace deepmad::mad {

struct PythonOptions {
  std::string written_by;  // the program and its version, for the head of the file
  double batch_norm_eps = 1e-5;
  double batch_norm_momentum = 0.1;
};

// Returns a file that imports nothing but torch and defines the class `Network`, whose constructor needs no argument and whose state_dict
// has the names and shapes of the safetensors files of this network.
//   classifier  forward(images) -> logits [N, classes]
//   features    forward(images) -> the maps of the head's levels, list
//   upernet     forward(images) -> logits [N, classes, H, W] at a quarter of the images' size; forward_auxiliary(images) -> the second
//   head's detectors   forward(images) -> (classes, quality, distances) of each level, list; detect(maps, height, width) -> boxes, scores
//   and labels of
//               each image
//   all         forward_features(images) -> maps of the feature levels named by `out_indices`, list; feature_channels and feature_strides
//   say
//               what they are
// REQUIRES: a valid spec.
std::string PythonNetwork(const NetworkSpec& spec, const PythonOptions& options);

}  // namespace deepmad::mad
