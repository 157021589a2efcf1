// Knowledge distillation: a trained network, the teacher, sees the same pictures. Added to a task's own loss are the cross entropy with the
// teacher's distribution, and for each stage the mean square between the teacher's map and the student's, brought to its channels by a
// learned 1x1 convolution (Hinton et al. 2015; Romero et al., "FitNets", ICLR 2015).
//
//   distill:
//     network: FILE           # the teacher's structure: any network of as many classes
//     weights: FILE           # safetensors, or a file of torch.save; averaged: true takes the averaged ones in it
//     logit_weight: 1
//     feature_weight: 1
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "base/config.h"
#include "mad/network_spec.h"
#include "models/network.h"
#include "models/weights/weights_file.h"
#include "train/named_tensors.h"
#include "train/task.h"

namespace deepmad::train {

class Distillation {
 public:
  // `section` is `distill`. UsageError for a teacher of other classes.
  Distillation(const base::Config& section, int64_t classes);

  // Builds and loads the teacher on the student's device. UsageError where no stages have the same stride, FailedError for bad weights.
  void Start(const TaskContext& context);

  // Of the student's logits [N, K] and maps; images [N, 3, H, W] as the student saw them.
  at::Tensor Loss(const models::Network::LogitsAndFeatures& student, const at::Tensor& images) const;

  // The 1x1 convolutions, which learn with the student.
  NamedTensors Parameters() const;

 private:
  struct Match {
    size_t student, teacher;  // feature levels
    at::Tensor projection;    // [teacher's channels, student's, 1, 1]
  };

  mad::NetworkSpec spec_;
  models::WeightsPlace weights_;
  double logit_weight_;
  double feature_weight_;
  std::shared_ptr<models::Network> teacher_;
  std::vector<Match> matches_;
};

}  // namespace deepmad::train
