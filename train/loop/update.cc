#include "train/loop/update.h"

#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>
#include <ATen/record_function.h>
#include <c10/core/GradMode.h>

#include <utility>

#include "base/stop_signal.h"
#include "models/network/network.h"
#include "train/distributed/collective_state.h"
#include "train/loop/device_feed.h"
#include "train/numerics/stopwatch.h"

namespace deepmad::train {

void DrawDropPaths(models::Network& network, const data::Batch& batch, const BatchPosition& position, at::Device device) {
  const base::Random random(position.seed, base::RandomPurpose::kDropPath, static_cast<uint64_t>(position.epoch),
                            static_cast<uint64_t>(position.batch));
  const int64_t views = batch.images.dim() > 4 ? batch.images.size(1) : 1;  // of videos, each a sample to the network
  network.drop_paths().Draw(random, batch.images.size(0) * views, device);
}

Update::Update(const UpdateOptions& options, const UpdateParts& parts, const PrecisionOptions& precision, at::Device device)
    : options_(options), parts_(parts), precision_(precision), device_(device) {
  if (precision.autocast == at::kHalf) loss_scale_.emplace(precision.loss_scale, device);
  if (!options.graphs) return;
  if (parts.ranks != nullptr) buckets_.emplace(TrainedParameters(parts.network, parts.task), *parts.ranks);
  const auto& task = dynamic_cast<const ReplayableTask&>(parts.task);
  recorded_.emplace([this, &task](const TaskInputs& inputs) { return Pass([&] { return task.LossOf(parts_.network, inputs); }); },
                    parts.network, parts.optimizer, device);
}

// Forward and backward; the micro-batch's share of the loss.
at::Tensor Update::Pass(const std::function<at::Tensor()>& loss_of) {
  Stopwatch watch;
  at::Tensor loss;
  GradientReducer* const reducer = added_ + 1 == options_.accumulate ? parts_.reducer : nullptr;
  if (reducer != nullptr) reducer->PrepareForward();
  {
    RECORD_USER_SCOPE("forward");
    const AutocastGuard autocast(precision_, device_.type());
    loss = loss_of();
  }
  if (options_.accumulate > 1) loss = loss / static_cast<double>(options_.accumulate);
  seconds_.forward += watch.Lap();
  const at::Tensor root = loss_scale_ ? loss_scale_->Scaled(loss) : loss;
  if (reducer != nullptr) reducer->PrepareBackward(root);
  {
    RECORD_USER_SCOPE("backward");
    root.backward();
  }
  seconds_.backward += watch.Lap();
  return loss.detach();
}

void Update::Add(data::Batch& batch, const BatchPosition& position) {
  MoveBatch(batch, device_);
  if (added_ == 0) parts_.optimizer.ZeroGrad(/*keep_memory=*/recorded_.has_value());
  DrawDropPaths(parts_.network, batch, position, device_);
  at::Tensor loss;
  if (recorded_) {
    const auto& task = static_cast<const ReplayableTask&>(parts_.task);
    const UpdateSeconds before = seconds_;
    Stopwatch watch;
    loss = recorded_->Run(task.Inputs(batch, position));
    seconds_ = before;
    seconds_.forward += watch.Lap();  // both passes in one
  } else {
    loss = Pass([&] { return parts_.task.Loss(parts_.network, batch, position); });
  }
  loss_ = added_ == 0 ? loss.clone() : loss_ + loss;
  ++added_;
}

void Update::Finish(double lr) {
  if (readback_ != nullptr) Report();  // whether the update before it counts
  RECORD_USER_SCOPE("optimizer");
  Stopwatch watch;
  added_ = 0;
  if (buckets_) buckets_->Average();
  at::Tensor loss = std::exchange(loss_, at::Tensor());
  const c10::AutoGradMode no_grad(false);
  const at::TensorOptions wide = loss.options().dtype(at::kDouble);
  at::Tensor stops, overflow;
  if (parts_.ranks != nullptr) {
    AverageStatistics(parts_.network.MovingStatistics(), *parts_.ranks);
    SharedStatus status = ShareStatus(loss, base::StopRequested(), *parts_.ranks);
    loss = std::move(status.loss);
    stops = std::move(status.stops);
  }
  if (loss_scale_) overflow = loss_scale_->UnscaleAndAdapt(parts_.optimizer.Gradients());
  const at::Tensor norm = parts_.optimizer.ClipGradients(options_.clip_norm);
  const at::Tensor none = at::zeros({}, wide);
  const auto value = [&](const at::Tensor& scalar) { return scalar.defined() ? scalar.to(at::kDouble) : none; };
  const at::Tensor scale = loss_scale_ ? loss_scale_->scale() : at::Tensor();
  readback_ = models::StartReadback(at::stack({value(loss), value(norm), value(overflow), value(scale), value(stops)}));
  uncount_skipped_ = true;
  if (overflow.defined() && !parts_.optimizer.SkipsOnDevice()) {
    uncount_skipped_ = false;
    if (Report().skipped) return;
    overflow = at::Tensor();
  }
  parts_.optimizer.Step(lr, overflow);
  if (parts_.ema != nullptr) parts_.ema->Update(overflow);
  seconds_.optimizer += watch.Lap();
}

const UpdateReport& Update::Report() {
  if (readback_ == nullptr) return report_;
  const at::Tensor values = std::exchange(readback_, nullptr)->Wait();
  const double* value = values.const_data_ptr<double>();
  report_ = {value[0], value[1], value[2] > 0, loss_scale_ ? value[3] : 1, value[4] > 0};
  if (report_.skipped && uncount_skipped_) {
    parts_.optimizer.UncountStep();
    if (parts_.ema != nullptr) parts_.ema->UncountUpdate();
  }
  return report_;
}

UpdateSeconds Update::TakeSeconds() { return std::exchange(seconds_, {}); }

}  // namespace deepmad::train
