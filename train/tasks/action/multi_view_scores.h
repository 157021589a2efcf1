// Combines the views of a video into one score per class (docs/protocols/video.md, section 6).
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "models/network/network.h"

namespace deepmad::train {

// Runs the network on all views, at most `views_per_pass` at a time. `images` is [N, views, C, H, W] or [N, views, C, frames, H, W], on the
// network's device; returns logits [N, views, classes], float32, on the CPU.
at::Tensor ViewLogits(models::Network& network, const at::Tensor& images, int64_t views_per_pass);

// Averages the views: logits [N, views, classes] -> scores [N, classes], float64, whose softmax is the distribution of the video. Scores
// are the mean of the logits or, if `of_probabilities`, the logarithm of the views' mean probabilities.
at::Tensor LogScores(const at::Tensor& logits, bool of_probabilities);

}  // namespace deepmad::train
