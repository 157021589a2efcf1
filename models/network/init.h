// Initial weights: a pure function of (seed, scheme, structure), whatever the device and the number of threads.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/config/config.h"
#include "models/network/network.h"

namespace deepmad::models {

struct InitOptions {
  // kaiming           convolutions N(0, 2 / fan_out), classifier weight and bias U(-1/sqrt(in), 1/sqrt(in)) (He et al. 2015; the usual
  //                   ResNet recipe)
  // zen               convolutions and classifier weight N(0, 3.26033^2 * 2 / (fan_in + fan_out)), classifier bias 0 (as the published
  //                   zen480 recipe)
  // truncated_normal  convolutions and classifier weight N(0, 0.02^2) within two deviations, classifier bias 0 (of transformers and
  //                   ConvNeXt)
  // fan_in and fan_out are kernel volume times weight.size(1) and weight.size(0), also for depthwise convolutions. Norms get scale 1, bias
  // 0, running statistics 0 and 1, convolutions a bias of 0, in all. A dense head has laws of its own for some of its parameters.
  std::string scheme = "kaiming";
  // Sets the scale of the last norm or layer scale of every main path with a shortcut to 0, so that training starts from a shallow network.
  bool zero_last_norm = false;
  // Initial value of layer scales (Touvron et al., arXiv 2103.17239), as in ConvNeXt.
  double layer_scale = 1e-6;
  // If set, the classifier's weight is N(0, head_std^2) and its bias 0; nullopt: as the scheme says.
  std::optional<double> head_std = std::nullopt;
};

// Reads the keys `scheme`, `layer_scale`, `head_std` and `zero_last_norm`, which defaults to true for zen, as published.
InitOptions InitOptionsFromConfig(const base::Config& config);

// Initialises all weights. Every tensor has its own random stream, identified by its position among the parameters. Throws UsageError for
// an unknown scheme.
void Initialize(Network& network, const InitOptions& options, uint64_t seed);

}  // namespace deepmad::models
