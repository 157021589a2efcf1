// Files one after the other, to predict what is in each.
#pragma once

#include <c10/core/Device.h>

#include <cstddef>
#include <functional>

#include "data/dataset/dataset.h"
#include "data/inputs/open_datasets.h"
#include "data/inputs/sample_preparation.h"
#include "data/loader/loader.h"
#include "train/numerics/precision.h"

namespace deepmad::train {

struct PredictionPass {
  const data::Dataset& files;
  const data::Preparation& prepare;
  const data::InputOptions& input;  // its workers and queue count
  const PrecisionOptions& precision;
  at::Device device;
};

// Gives each file to `use` as a batch of one on the device, in order, without gradients and in the run's precision, and shows progress.
// FailedError naming a file that cannot be read; Error(kStopped) between files after a signal.
void PredictEach(const PredictionPass& pass, const std::function<void(size_t index, const data::Batch& batch)>& use);

}  // namespace deepmad::train
