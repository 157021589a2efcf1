// A network with its task, optimizer and average, outside any run: used to measure the time and memory of an update.
#pragma once

#include <c10/core/Device.h>

#include <memory>

#include "base/config/config.h"
#include "mad/network/network_spec.h"
#include "models/network/network.h"
#include "train/loop/update.h"
#include "train/optimizers/optimizer.h"
#include "train/run/train_config.h"
#include "train/state/ema.h"
#include "train/tasks/task.h"

namespace deepmad::train {

class Trial {
 public:
  // `config` is the root of the run's configuration, `train` what was read of it. UsageError for an unknown task or optimizer.
  Trial(const base::Config& config, const TrainConfig& train, const PrecisionOptions& precision, const mad::NetworkSpec& spec,
        at::Device device);

  UpdateParts parts() const { return {*task_, *network_, *optimizer_, ema_.get()}; }  // valid while this object lives

 private:
  std::shared_ptr<models::Network> network_;
  std::unique_ptr<Task> task_;
  std::unique_ptr<Optimizer> optimizer_;
  std::unique_ptr<Ema> ema_;
};

}  // namespace deepmad::train
