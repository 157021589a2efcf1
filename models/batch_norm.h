// Batch normalisation of one network: the settings all its layers share, and their counters.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace torch::nn {
class Module;
}

namespace deepmad::models {

struct BatchNormSettings {
  double eps = 1e-5;
  double momentum = 0.1;  // weight of the new batch in the running statistics
};

class BatchNorms {
 public:
  // Registers weight, bias, running_mean, running_var and num_batches_tracked in `module` and gives what computes the layer. The module
  // decides by its training flag whether statistics come from the batch, so a part of a network can be frozen.
  // `name` is for messages. Training needs more than one value a channel, else FailedError.
  std::function<at::Tensor(const at::Tensor&)> Add(const std::shared_ptr<torch::nn::Module>& module, int64_t channels,
                                                   const std::string& name);

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
};

}  // namespace deepmad::models
