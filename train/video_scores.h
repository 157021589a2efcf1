// Combines the views of a video into one score per class (docs/protocols/video.md, section 6).
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "models/network.h"

namespace deepmad::train {

// images [N, views, C, H, W] or [N, views, C, frames, H, W], on the network's device -> logits [N, views, classes] float32 on the CPU. The
// network sees at most `views_per_pass` views at a time.
at::Tensor ViewLogits(models::Network& network, const at::Tensor& images, int64_t views_per_pass);

// logits [N, views, classes] -> scores [N, classes] float64 whose softmax gives the probabilities of the video: the mean of the logits; or,
// where `of_probabilities`, the logarithm of the mean of the views' probabilities.
at::Tensor LogScores(const at::Tensor& logits, bool of_probabilities);

}  // namespace deepmad::train
