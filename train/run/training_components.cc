#include "train/run/training_components.h"

#include "train/run/runtime_setup.h"

namespace deepmad::train {

Trial::Trial(const base::Config& config, const TrainConfig& train, const PrecisionOptions& precision, const mad::NetworkSpec& spec,
             at::Device device)
    : network_(MakeNetwork(spec, train, device)) {
  network_->drop_paths().SetRate(train.drop_path);
  network_->SetRecompute(train.activation_checkpointing);
  task_ = MakeTask(config, spec.head.classes);
  task_->Start({*network_, device, precision.channels_last, train.trainer.seed});
  optimizer_ = OptimizerRegistry::Get()
                   .Find(train.optimizer.GetString("name", "sgd"), train.optimizer.Where("name"))
                   .factory(TrainedParameters(*network_, *task_), train.optimizer);
  if (train.ema) ema_ = std::make_unique<Ema>(network_->StateDict(), train.ema->decay, train.ema->warmup);
}

}  // namespace deepmad::train
