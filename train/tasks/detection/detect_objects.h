// Runs a detector on images and decodes its maps into boxes.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "models/boxes/detect.h"
#include "models/network/network.h"

namespace deepmad::train {

// Returns the detections of each image, by descending score. `images` is [N, 3, H, W], normalised, on the network's device, padded on the
// right and below; `frames` gives the unpadded size and the scale of each image. Decoding and suppression run on the CPU, one thread per
// image. Throws FailedError if the network has no detection head.
std::vector<std::vector<models::Detection>> DetectObjects(models::Network& network, const at::Tensor& images,
                                                          const std::vector<models::PictureFrame>& frames);

}  // namespace deepmad::train
