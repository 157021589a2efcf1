#include "train/loop/graphed_step.h"

#include <c10/core/GradMode.h>

#include "models/layers/named_tensors.h"
#include "models/network/network.h"

namespace deepmad::train {

void RecordedPass::Record(const TaskInputs& inputs) {
  inputs_ = {inputs.images.clone(), inputs.targets.clone()};
  loss_ = at::Tensor();
  // Recording runs the pass: what it did to the statistics and gradients is undone.
  models::NamedTensors before;
  for (const auto& [name, tensor] : network_.StateDict()) before.emplace_back(name, tensor.detach().clone());
  recording_ = models::Record(device_, [this] {
    const at::Tensor loss = pass_(inputs_).detach();
    if (!loss_.defined()) loss_ = loss.clone();
    loss_.copy_(loss);
  });
  models::CopyNamedTensors(before, network_.StateDict());
  optimizer_.ZeroGrad(/*keep_memory=*/true);
}

at::Tensor RecordedPass::Run(const TaskInputs& inputs) {
  if (!recording_) Record(inputs);
  inputs_.images.copy_(inputs.images, /*non_blocking=*/true);
  inputs_.targets.copy_(inputs.targets, /*non_blocking=*/true);
  recording_->Replay();
  return loss_;
}

}  // namespace deepmad::train
