// The loss of a detection head on a batch (docs/protocols/detection.md, sections 4 and 5). Its parts are divided by totals over all
// processes, so that the mean of the processes' losses and gradients equals the loss and gradient of one process with all images.
#pragma once

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>

#include <memory>
#include <vector>

#include "data/boxes.h"
#include "models/heads/detection_head.h"
#include "models/process_group.h"

namespace deepmad::train {

// Scalars with gradients, each with its weight and its divisor.
struct DetectorLossParts {
  at::Tensor classes;
  at::Tensor boxes;
  at::Tensor quality;  // centreness (FCOS), or the distributions of the sides (GFLv2)
  at::Tensor Sum() const { return classes + boxes + quality; }
};

class DetectorLoss {
 public:
  virtual ~DetectorLoss() = default;
  // `maps` of all pictures, finest level first; `group` null: one process. Without a positive the last two parts are 0, and all maps still
  // have gradients.
  virtual DetectorLossParts Parts(const std::vector<models::DetectionMaps>& maps, const std::vector<data::InputBoxes>& pictures,
                                  const models::ProcessGroup* group) const = 0;
};

struct DetectorLossOptions {
  // GFLv2: what the sum of the weights of the positives counts as at least. It starts near 0.005 a positive, so 1, as in later variants,
  // takes away from the first updates.
  double least_weight = 1e-6;
};

std::unique_ptr<DetectorLoss> NewDetectorLoss(const models::DetectionHead& head, const DetectorLossOptions& options = {});

}  // namespace deepmad::train
