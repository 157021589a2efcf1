#include "models/layers/batch_norm.h"

#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <torch/nn/module.h>

#include "base/error.h"
#include "models/layers/sync_batch_norm.h"
#include "models/norm/block_norm.h"

namespace deepmad::models {

BatchNorm::BatchNorm(std::shared_ptr<torch::nn::Module> module, int64_t channels, std::string name,
                     std::shared_ptr<const BatchNormSettings> settings)
    : module_(std::move(module)),
      name_(std::move(name)),
      settings_(std::move(settings)),
      weight_(module_->register_parameter("weight", at::ones({channels}))),
      bias_(module_->register_parameter("bias", at::zeros({channels}))),
      running_mean_(module_->register_buffer("running_mean", at::zeros({channels}))),
      running_var_(module_->register_buffer("running_var", at::ones({channels}))) {}

at::Tensor BatchNorm::Forward(const at::Tensor& x, const NormTail& tail) const {
  const bool training = module_->is_training();
  const NormArguments arguments{weight_, bias_, running_mean_, running_var_, training, settings_->momentum, settings_->eps};
  if (training && settings_->group != nullptr && settings_->group->size() > 1) return SyncNormAct(x, arguments, tail, *settings_->group);
  if (training && x.numel() == weight_.numel()) {
    throw base::FailedError("batch normalisation cannot train on a single value a channel", name_,
                            "use more than one sample a batch, or a larger image");
  }
  if (!settings_->fused) return NormActByOperations(x, arguments, tail);
  return settings_->runner != nullptr ? BlockNormAct(*settings_->runner, x, arguments, tail) : NormAct(x, arguments, tail);
}

BatchNorm BatchNorms::Add(const std::shared_ptr<torch::nn::Module>& module, int64_t channels, const std::string& name) {
  BatchNorm norm(module, channels, name, settings_);
  counters_.push_back({module, module->register_buffer("num_batches_tracked", at::zeros({}, at::kLong))});
  return norm;
}

void BatchNorms::Freeze(size_t norms, bool affine) {
  frozen_ = norms;
  KeepFrozen();
  if (!affine) return;
  for (size_t i = 0; i < frozen_; ++i) {
    for (at::Tensor& parameter : counters_[i].module->parameters(/*recurse=*/false)) parameter.set_requires_grad(false);
  }
}

void BatchNorms::KeepFrozen() const {
  for (size_t i = 0; i < frozen_; ++i) counters_[i].module->eval();
}

std::vector<at::Tensor> BatchNorms::MovingStatistics() const {
  std::vector<at::Tensor> statistics;
  for (size_t i = frozen_; i < counters_.size(); ++i) {
    const auto buffers = counters_[i].module->named_buffers(/*recurse=*/false);
    statistics.insert(statistics.end(), {buffers["running_mean"], buffers["running_var"]});
  }
  return statistics;
}

void BatchNorms::CountBatch() const {
  std::vector<at::Tensor> counting;
  for (const Counter& counter : counters_) {
    if (counter.module->is_training()) counting.push_back(counter.batches);
  }
  if (!counting.empty()) at::_foreach_add_(counting, 1);
}

}  // namespace deepmad::models
