#include "models/batch_norm.h"

#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/batch_norm.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <torch/nn/module.h>

#include "base/error.h"

namespace deepmad::models {

std::function<at::Tensor(const at::Tensor&)> BatchNorms::Add(const std::shared_ptr<torch::nn::Module>& module, int64_t channels,
                                                             const std::string& name) {
  const at::Tensor weight = module->register_parameter("weight", at::ones({channels}));
  const at::Tensor bias = module->register_parameter("bias", at::zeros({channels}));
  const at::Tensor mean = module->register_buffer("running_mean", at::zeros({channels}));
  const at::Tensor variance = module->register_buffer("running_var", at::ones({channels}));
  counters_.push_back({module, module->register_buffer("num_batches_tracked", at::zeros({}, at::kLong))});

  return [=, settings = settings_](const at::Tensor& x) {
    const bool training = module->is_training();
    if (training && x.numel() == channels) {
      throw base::FailedError("batch normalisation cannot train on a single value a channel", name,
                              "use more than one sample a batch, or a larger image");
    }
    return at::batch_norm(x, weight, bias, mean, variance, training, settings->momentum, settings->eps, /*cudnn_enabled=*/true);
  };
}

void BatchNorms::CountBatch() const {
  std::vector<at::Tensor> counting;
  for (const Counter& counter : counters_) {
    if (counter.module->is_training()) counting.push_back(counter.batches);
  }
  if (!counting.empty()) at::_foreach_add_(counting, 1);
}

}  // namespace deepmad::models
