// Action recognition, one label per video: cross entropy on the mean over frames (2-D networks, TSN) or on a clip (3-D networks), scored
// over all views of a test protocol (docs/protocols/video.md, sections 4, 6 and 7). Keys: dropout, label_smoothing, views_per_pass.
#include <ATen/ops/empty.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "models/layers/process_group.h"
#include "models/network/network.h"
#include "train/metrics/mean_class_accuracy.h"
#include "train/metrics/top_k.h"
#include "train/tasks/action/multi_view_scores.h"
#include "train/tasks/channel_dropout.h"
#include "train/tasks/classification/classification_losses.h"
#include "train/tasks/task.h"

namespace deepmad::train {
namespace {

class ActionMetric : public TaskMetric {
 public:
  ActionMetric(int64_t classes, int64_t views_per_pass) : views_per_pass_(views_per_pass), classes_(classes) {}

  void Add(models::Network& network, const data::Batch& batch) override {
    const at::Tensor scores = LogScores(ViewLogits(network, batch.images, views_per_pass_), network.spec().SpatialDims() == 3);
    const at::Tensor labels = batch.labels.cpu().contiguous();
    const at::Tensor floats = scores.to(at::kFloat).contiguous();
    const int64_t size = scores.size(0), classes = scores.size(1);
    counts_.Add(floats.const_data_ptr<float>(), labels.const_data_ptr<int64_t>(), size, classes);
    const auto [confidence, predicted] = at::softmax(floats, 1).max(1);
    for (int64_t i = 0; i < size; ++i) {
      const int64_t label = labels.const_data_ptr<int64_t>()[i], guess = predicted.const_data_ptr<int64_t>()[i];
      classes_.Add(label, guess);
      findings_.Add(batch.first_position + i, label, guess, classes, confidence.const_data_ptr<float>()[i]);
      loss_sum_ -= at::log_softmax(scores[i], 0)[label].item<double>();
    }
  }

  const Findings* findings() const override { return &findings_; }

  void AddRanks(const models::ProcessGroup& group) override {
    const at::Tensor counts = at::tensor({counts_.samples(), counts_.right1(), counts_.right5()}, at::kLong);
    const at::Tensor loss = at::tensor({loss_sum_}, at::kDouble);
    const at::Tensor by_class = at::empty({static_cast<int64_t>(classes_.classes().size()), 3}, at::kLong);
    auto* row = by_class.mutable_data_ptr<int64_t>();
    for (const auto& one : classes_.classes()) {
      *row++ = one.samples;
      *row++ = one.predicted;
      *row++ = one.right;
    }
    for (const at::Tensor& part : {counts, loss, by_class}) group.Sum(part);
    counts_ = TopKCounts(counts[0].item<int64_t>(), counts[1].item<int64_t>(), counts[2].item<int64_t>());
    loss_sum_ = loss.item<double>();
    row = by_class.mutable_data_ptr<int64_t>();
    for (auto& one : classes_.classes()) {
      one = {row[0], row[1], row[2]};
      row += 3;
    }
  }

  std::vector<std::string> Names() const override { return {"top1", "top5", "mean_class_accuracy", "loss"}; }

  MetricValues Values() const override {
    return {{"top1", counts_.top1()},
            {"top5", counts_.top5()},
            {"mean_class_accuracy", classes_.mean()},
            {"loss", loss_sum_ / static_cast<double>(counts_.samples())}};
  }

 private:
  int64_t views_per_pass_;
  TopKCounts counts_;
  ClassAccuracyCounts classes_;
  Findings findings_;
  double loss_sum_ = 0;
};

class ActionRecognition : public Task {
 public:
  ActionRecognition(const base::Config& section, int64_t classes)
      : classes_(classes),
        dropout_(section.GetOptionalDouble("dropout", 0, 0.99)),
        smoothing_(section.GetDouble("label_smoothing", 0, 0, 0.999)),
        views_per_pass_(section.GetInt("views_per_pass", 32, 1, 100'000)) {}

  data::LabelKind labels() const override { return data::LabelKind::kVideo; }

  at::Tensor Loss(models::Network& network, data::Batch& batch, const BatchPosition& position) const override {
    const at::Tensor means = network.ForwardMeans(batch.images.flatten(0, 1));
    const at::Tensor features = means.unflatten(0, {batch.images.size(0), batch.images.size(1)}).mean(1);
    const double rate = dropout_.value_or(network.spec().SpatialDims() == 3 ? 0.5 : 0.4);
    const at::Tensor keep = DrawChannelDropout(rate, {features.size(1)}, batch, position).front();
    const at::Tensor logits = network.Classify(keep.defined() ? features * keep.flatten(1).to(features.scalar_type()) : features);
    return SoftTargetCrossEntropy(logits, SoftTargets(batch.labels, classes_, smoothing_));
  }

  std::unique_ptr<TaskMetric> NewMetric() const override { return std::make_unique<ActionMetric>(classes_, views_per_pass_); }

 private:
  int64_t classes_;
  std::optional<double> dropout_;
  double smoothing_;
  int64_t views_per_pass_;
};

DEEPMAD_REGISTER(TaskRegistry, "action_recognition",
                 "a label a video: TSN or 3-D clips, top-1, top-5 and mean class accuracy over all views",
                 [](const base::Config& section, int64_t classes) { return std::make_unique<ActionRecognition>(section, classes); });

}  // namespace
}  // namespace deepmad::train
