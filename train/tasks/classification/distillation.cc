#include "train/tasks/classification/distillation.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/mse_loss.h>
#include <fmt/format.h>

#include <cmath>
#include <string>

#include "base/error.h"
#include "base/random.h"
#include "models/weights/load.h"
#include "train/tasks/classification/classification_losses.h"

namespace deepmad::train {
namespace {

// Keeps the variance: N(0, 1 / in). A stream of its own among those of the weights, which count from 0.
at::Tensor InitialProjection(int out, int in, uint64_t seed, size_t level, at::Device device) {
  base::Random random(seed, base::RandomPurpose::kInit, /*epoch=*/1, level);
  at::Tensor weight = at::empty({out, in, 1, 1}, at::kFloat);
  float* value = weight.mutable_data_ptr<float>();
  for (int64_t i = 0; i < weight.numel(); ++i) value[i] = static_cast<float>(random.Normal(0, 1 / std::sqrt(in)));
  return weight.to(device).requires_grad_();
}

}  // namespace

Distillation::Distillation(const base::Config& section, int64_t classes)
    : spec_(mad::LoadNetwork(section.GetPath("network"))),
      weights_{section.GetPath("weights"), section.GetBool("averaged", false) ? models::WeightSet::kAveraged : models::WeightSet::kTrained},
      logit_weight_(section.GetDouble("logit_weight", 1, 0, 1000)),
      feature_weight_(section.GetDouble("feature_weight", 1, 0, 1000)) {
  if (spec_.head.IsClassifier() && spec_.head.classes == classes) return;
  throw base::UsageError(fmt::format("the teacher '{}' has {} classes, the data {}", spec_.name, spec_.head.classes, classes),
                         section.Where("network"), "take a teacher that was trained on these classes");
}

void Distillation::Start(const TaskContext& context) {
  teacher_ = models::BuildNetwork(spec_);
  models::LoadWeights(*teacher_, weights_, models::HeadPolicy::kStrict);
  if (context.channels_last) teacher_->SetMemoryFormat(at::MemoryFormat::ChannelsLast);
  teacher_->to(context.device);
  teacher_->eval();
  for (at::Tensor& parameter : teacher_->parameters()) parameter.set_requires_grad(false);

  matches_.clear();
  if (feature_weight_ == 0) return;
  const std::vector<mad::FeatureLevel> mine = mad::FeatureLevels(context.network.spec()), others = mad::FeatureLevels(spec_);
  for (size_t i = 0; i < mine.size(); ++i) {
    for (size_t j = 0; j < others.size(); ++j) {
      if (mine[i].stride != others[j].stride) continue;
      matches_.push_back({i, j, InitialProjection(others[j].channels, mine[i].channels, context.seed, i, context.device)});
    }
  }
  if (matches_.empty()) {
    throw base::UsageError(fmt::format("the teacher '{}' has no stage of a stride that '{}' has", spec_.name, context.network.spec().name),
                           "task.distill.network", "take another teacher, or feature_weight: 0");
  }
}

at::Tensor Distillation::Loss(const models::Network::LogitsAndFeatures& student, const at::Tensor& images) const {
  models::Network::LogitsAndFeatures teacher;
  {
    const at::NoGradGuard no_grad;
    teacher = teacher_->ForwardWithFeatures(images);
  }
  at::Tensor loss = DistillationCrossEntropy(student.logits, teacher.logits) * logit_weight_;
  for (const Match& match : matches_) {
    const at::Tensor projected = at::conv2d(student.features[match.student], match.projection);
    loss = loss + at::mse_loss(projected.to(at::kFloat), teacher.features[match.teacher].to(at::kFloat)) * feature_weight_;
  }
  return loss;
}

models::NamedTensors Distillation::Parameters() const {
  models::NamedTensors parameters;
  for (const Match& match : matches_) parameters.emplace_back("distill.projection." + std::to_string(match.student), match.projection);
  return parameters;
}

}  // namespace deepmad::train
