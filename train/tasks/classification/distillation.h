// Knowledge distillation: a trained network, the teacher, sees the same images as the student. Two terms are added to the task's own loss:
// the cross entropy with the teacher's distribution (Hinton et al. 2015), and for each stage the mean squared difference between the
// feature maps of teacher and student, the latter projected by a learned 1x1 convolution (Romero et al., "FitNets", ICLR 2015).
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

#include "base/config/config.h"
#include "mad/network/network_spec.h"
#include "models/layers/named_tensors.h"
#include "models/network/network.h"
#include "models/weights/weights_file.h"
#include "train/tasks/task.h"

namespace deepmad::train {

class Distillation {
 public:
  // Reads the section `distill`. Throws UsageError if the teacher's class count is not `classes`.
  Distillation(const base::Config& section, int64_t classes);

  // Builds and loads the teacher on the student's device. Throws UsageError if teacher and student share no stride, FailedError if the
  // weights cannot be loaded.
  void Start(const TaskContext& context);

  // Returns the weighted sum of both terms, a scalar. `student` holds logits [N, K] and one feature map per stage; `images` [N, 3, H, W]
  // are the student's inputs.
  at::Tensor Loss(const models::Network::LogitsAndFeatures& student, const at::Tensor& images) const;

  // The weights of the projections, which are trained with the student.
  models::NamedTensors Parameters() const;

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
