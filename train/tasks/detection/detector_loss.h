// The loss of a detection head on a batch (docs/protocols/detection.md, sections 4 and 5). Its parts are divided by totals over all
// processes, so that the mean of the processes' losses and gradients equals the loss and gradient of one process with all images.
#pragma once

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>

#include <memory>
#include <vector>

#include "data/dataset/boxes.h"
#include "models/heads/detection_head.h"
#include "models/layers/process_group.h"

namespace deepmad::train {

// The parts of the loss: differentiable scalars, already weighted and divided.
struct DetectorLossParts {
  at::Tensor classes;
  at::Tensor boxes;
  at::Tensor quality;  // centreness (FCOS), or the distributions of the sides (GFLv2)
  at::Tensor Sum() const { return classes + boxes + quality; }
};

class DetectorLoss {
 public:
  virtual ~DetectorLoss() = default;
  // Computes the loss of a batch. `maps` has one entry per level, finest first, each for all images. `group` is null for single-process
  // training. If the batch has no positive cell, `boxes` and `quality` are 0, and all maps still receive gradients.
  virtual DetectorLossParts Parts(const std::vector<models::DetectionMaps>& maps, const std::vector<data::InputBoxes>& pictures,
                                  const models::ProcessGroup* group) const = 0;
};

struct DetectorLossOptions {
  // GFLv2: lower bound of the divisor, which is the total weight of the positives. A weight starts near 0.005, so the bound 1 of some later
  // variants weakens the first updates.
  double least_weight = 1e-6;
};

std::unique_ptr<DetectorLoss> NewDetectorLoss(const models::DetectionHead& head, const DetectorLossOptions& options = {});

}  // namespace deepmad::train
