// Batch normalisation of one network: the settings all its layers share, and their counters.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>
#include <vector>

#include "models/norm_act.h"
#include "models/process_group.h"

namespace torch::nn {
class Module;
}

namespace deepmad::models {

struct BatchNormSettings {
  double eps = 1e-5;
  double momentum = 0.1;                // weight of the new batch in the running statistics
  const ProcessGroup* group = nullptr;  // statistics of training are over the batches of all its ranks; null: of this process alone
};

// One norm, with what may stand behind it.
class BatchNorm {
 public:
  BatchNorm(std::shared_ptr<torch::nn::Module> module, int64_t channels, std::string name,
            std::shared_ptr<const BatchNormSettings> settings);

  // The module decides by its training flag whether statistics come from the batch, so a part of a network can be frozen. Training needs
  // more than one value a channel, else FailedError.
  at::Tensor Forward(const at::Tensor& x, const NormTail& tail = {}) const;

 private:
  std::shared_ptr<torch::nn::Module> module_;
  std::string name_;
  std::shared_ptr<const BatchNormSettings> settings_;
  at::Tensor weight_, bias_, running_mean_, running_var_;  // [C]
};

class BatchNorms {
 public:
  // Registers weight, bias, running_mean, running_var and num_batches_tracked in `module`. `name` is for messages.
  BatchNorm Add(const std::shared_ptr<torch::nn::Module>& module, int64_t channels, const std::string& name);

  // Those that were added so far.
  size_t count() const { return counters_.size(); }
  // The first `norms` keep their running statistics, and go by them, from then on whatever mode the network is in. `affine`: their scales
  // and biases are not trained either.
  void Freeze(size_t norms, bool affine);
  // Has to follow each change of the network's mode.
  void KeepFrozen() const;
  // The running means and variances that training moves.
  std::vector<at::Tensor> MovingStatistics() const;

  // One more batch was seen: adds 1 to the counters of the layers that are in training mode, in one call.
  void CountBatch() const;

  BatchNormSettings& settings() { return *settings_; }

 private:
  struct Counter {
    std::shared_ptr<torch::nn::Module> module;
    at::Tensor batches;  // [] int64
  };
  std::shared_ptr<BatchNormSettings> settings_ = std::make_shared<BatchNormSettings>();
  std::vector<Counter> counters_;
  size_t frozen_ = 0;
};

}  // namespace deepmad::models
