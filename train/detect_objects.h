// The objects that a network with a detection head finds in pictures.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "models/boxes/detect.h"
#include "models/network.h"

namespace deepmad::train {

// Of a network with a detection head; FailedError for another. `images` [N, 3, H, W] normalised, on the network's device, padded on the
// right and below; `frames` says where each picture lies. One list a picture, by falling score. Suppression runs on the CPU, a thread a
// picture.
std::vector<std::vector<models::Detection>> DetectObjects(models::Network& network, const at::Tensor& images,
                                                          const std::vector<models::PictureFrame>& frames);

}  // namespace deepmad::train
