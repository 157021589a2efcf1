// Image classification: soft-target cross entropy with smoothing, mixing and a teacher; top-1 and top-5
// (docs/protocols/classification.md, sections 2 and 4).
#include <ATen/ops/cat.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>

#include <optional>
#include <vector>

#include "models/layers/process_group.h"
#include "models/network/network.h"
#include "train/metrics/top_k.h"
#include "train/tasks/classification/classification_losses.h"
#include "train/tasks/classification/distillation.h"
#include "train/tasks/classification/label_ranks.h"
#include "train/tasks/classification/mixing.h"
#include "train/tasks/logit_metric.h"
#include "train/tasks/task.h"

namespace deepmad::train {
namespace {

class ClassificationMetric : public LogitMetric {
 public:
  // Waits for nothing: what is counted stays on the device.
  void AddLogits(const at::Tensor& outputs, const data::Batch& batch) override {
    const at::Tensor logits = outputs.to(at::kFloat);
    const int64_t size = logits.size(0);
    const at::Tensor loss =
        SoftTargetCrossEntropy(logits, SoftTargets(batch.labels, logits.size(1), 0)).to(at::kDouble).mul(static_cast<double>(size));
    device_loss_sum_ = device_loss_sum_.defined() ? device_loss_sum_ + loss : loss;
    const auto [confidence, predicted] = at::softmax(logits, 1).max(1);
    // float64 holds a float and a class number exactly; a rank beyond the fifth place is of no interest.
    device_rows_.push_back(at::stack({batch.labels.to(at::kDouble), predicted.to(at::kDouble),
                                      LabelRanks(logits, batch.labels).clamp_max(5).to(at::kDouble), confidence.to(at::kDouble)},
                                     1));
    first_samples_.push_back(batch.first_position);
    classes_ = logits.size(1);
  }

  void Finish() override {
    if (device_rows_.empty()) return;
    loss_sum_ = device_loss_sum_.item<double>();
    const at::Tensor rows = at::cat(device_rows_).cpu();
    const auto* row = rows.const_data_ptr<double>();
    int64_t right1 = 0, right5 = 0;
    for (size_t batch = 0; batch < device_rows_.size(); ++batch) {
      for (int64_t i = 0; i < device_rows_[batch].size(0); ++i, row += 4) {
        right1 += row[2] < 1;
        right5 += row[2] < 5;
        findings_.Add(first_samples_[batch] + i, static_cast<int64_t>(row[0]), static_cast<int64_t>(row[1]), classes_, row[3]);
      }
    }
    counts_ = TopKCounts(rows.size(0), right1, right5);
    device_rows_.clear();
  }

  const Findings* findings() const override { return &findings_; }

  void AddRanks(const models::ProcessGroup& group) override {
    const at::Tensor counts = at::tensor({counts_.samples(), counts_.right1(), counts_.right5()}, at::kLong);
    const at::Tensor loss = at::tensor({loss_sum_}, at::kDouble);
    group.Sum(counts);
    group.Sum(loss);
    counts_ = TopKCounts(counts[0].item<int64_t>(), counts[1].item<int64_t>(), counts[2].item<int64_t>());
    loss_sum_ = loss.item<double>();
  }

  std::vector<std::string> Names() const override { return {"top1", "top5", "loss"}; }

  MetricValues Values() const override {
    return {{"top1", counts_.top1()}, {"top5", counts_.top5()}, {"loss", loss_sum_ / static_cast<double>(counts_.samples())}};
  }

 private:
  at::Tensor device_loss_sum_;           // float64
  std::vector<at::Tensor> device_rows_;  // a batch each, [N, 4]: label, predicted class, classes before the label, confidence
  std::vector<int64_t> first_samples_;   // of each batch
  int64_t classes_ = 0;
  TopKCounts counts_;
  Findings findings_;
  double loss_sum_ = 0;
};

class Classification : public ReplayableTask {
 public:
  Classification(const base::Config& section, int64_t classes)
      : classes_(classes),
        smoothing_(section.GetDouble("label_smoothing", 0, 0, 0.999)),
        binary_(section.GetChoice("loss", "ce", {"ce", "bce"}) == "bce"),
        mixing_(ReadMixing(section)) {
    if (!section.IsNull("distill")) distillation_.emplace(section.Section("distill"), classes);
  }

  void Start(const TaskContext& context) override {
    if (distillation_) distillation_->Start(context);
  }
  models::NamedTensors Parameters() const override { return distillation_ ? distillation_->Parameters() : models::NamedTensors(); }
  std::string Mark() const override { return distillation_ ? "+kd" : ""; }

  TaskInputs Inputs(data::Batch& batch, const BatchPosition& position) const override {
    const base::Random random(position.seed, base::RandomPurpose::kMix, static_cast<uint64_t>(position.epoch),
                              static_cast<uint64_t>(position.batch));
    const Mix mix = DrawMix(mixing_, random, position.epoch, batch.images.size(0), batch.images.size(-2), batch.images.size(-1));
    const at::Tensor partner = PartnerIndex(mix, batch.images.device());
    MixImages(mix, partner, batch.images);
    return {batch.images, MixTargets(mix, partner, SoftTargets(batch.labels, classes_, smoothing_))};
  }

  at::Tensor LossOf(models::Network& network, const TaskInputs& inputs) const override {
    if (!distillation_) return OwnLoss(network.Forward(inputs.images), inputs.targets);
    const models::Network::LogitsAndFeatures student = network.ForwardWithFeatures(inputs.images);
    return OwnLoss(student.logits, inputs.targets) + distillation_->Loss(student, inputs.images);
  }

  std::unique_ptr<TaskMetric> NewMetric() const override { return std::make_unique<ClassificationMetric>(); }

 private:
  at::Tensor OwnLoss(const at::Tensor& logits, const at::Tensor& targets) const {
    return binary_ ? SoftTargetBinaryCrossEntropy(logits, targets) : SoftTargetCrossEntropy(logits, targets);
  }

  int64_t classes_;
  double smoothing_;
  bool binary_;
  MixingOptions mixing_;
  std::optional<Distillation> distillation_;
};

DEEPMAD_REGISTER(TaskRegistry, "classification",
                 "one label an image: cross entropy, label smoothing, mixup, CutMix, distillation; top-1 and top-5",
                 [](const base::Config& section, int64_t classes) { return std::make_unique<Classification>(section, classes); });

}  // namespace
}  // namespace deepmad::train
