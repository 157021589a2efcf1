// Batch normalisation of one network: the settings all its layers share, and their counters.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>
#include <vector>

#include "models/layers/process_group.h"
#include "models/norm/block_runner.h"
#include "models/norm/norm_act.h"

namespace torch::nn {
class Module;
}

namespace deepmad::models {

struct BatchNormSettings {
  double eps = 1e-5;
  double momentum = 0.1;                // weight of the new batch in the running statistics
  const ProcessGroup* group = nullptr;  // training statistics cover the batches of all its ranks; null: of this process only
  bool fused = true;                    // together with the shortcut and the ReLU after it, where the device can; see fused_norm.h
  const BlockRunner* runner = nullptr;  // runs that on a device other than the CPU; null: nothing does
};

// One batch norm, optionally fused with the addition and activation after it.
class BatchNorm {
 public:
  BatchNorm(std::shared_ptr<torch::nn::Module> module, int64_t channels, std::string name,
            std::shared_ptr<const BatchNormSettings> settings);

  // Normalises x [N, C, (T,) H, W]. Uses batch statistics if the module's training flag is set, so a part of a network can be frozen.
  // Throws FailedError if training has only one value per channel.
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

  // The number of norms added so far.
  size_t count() const { return counters_.size(); }
  // Makes the first `norms` use and keep their running statistics from now on, whatever the mode of the network. With `affine`, their
  // scales and biases are not trained either.
  void Freeze(size_t norms, bool affine);
  // Call after each change of the network's mode.
  void KeepFrozen() const;
  // The running means and variances of the norms that are not frozen.
  std::vector<at::Tensor> MovingStatistics() const;

  // Counts a batch: adds 1 to num_batches_tracked of all layers in training mode, in one call.
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
