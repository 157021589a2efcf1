#include "models/network/live_count.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros.h>
#include <ATen/record_function.h>

#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace deepmad::models {
namespace {

thread_local int64_t counted_macs = 0;

// Of one executed operation, from its inputs, which are gone when it ends.
struct WeightUse : at::ObserverContext {
  int64_t macs_per_output = 0;
};

// Per value of the result: a row of q k^T, shared by the values of the position, and a sum over the keys.
int64_t AttentionMacs(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value) {
  return key.size(-2) * query.size(-1) / value.size(-1) + key.size(-2);
}

std::unique_ptr<at::ObserverContext> BeforeOperation(const at::RecordFunction& operation) {
  const std::string_view name = operation.name();
  const bool attention = name == "aten::scaled_dot_product_attention";
  if (!attention && name != "aten::convolution" && name != "aten::linear") return nullptr;
  const auto tensor = [&](size_t i) -> const at::Tensor& { return operation.inputs()[i].toTensor(); };
  auto use = std::make_unique<WeightUse>();
  use->macs_per_output = attention ? AttentionMacs(tensor(0), tensor(1), tensor(2)) : tensor(1).numel() / tensor(1).size(0);
  return use;
}

void AfterOperation(const at::RecordFunction& operation, at::ObserverContext* context) {
  if (const auto* use = static_cast<WeightUse*>(context)) {
    counted_macs += operation.outputs()[0].toTensor().numel() * use->macs_per_output;
  }
}

// Evaluation mode for the lifetime, each module's own flag afterwards.
class EvaluationMode {
 public:
  explicit EvaluationMode(torch::nn::Module& root) {
    for (const auto& module : root.modules()) flags_.emplace_back(module, module->is_training());
    root.eval();
  }
  ~EvaluationMode() {
    for (const auto& [module, training] : flags_) module->train(training);  // parents come first, and train() sets the children too
  }
  EvaluationMode(const EvaluationMode&) = delete;
  EvaluationMode& operator=(const EvaluationMode&) = delete;

 private:
  std::vector<std::pair<std::shared_ptr<torch::nn::Module>, bool>> flags_;
};

class Recording {
 public:
  Recording()
      : handle_(at::addThreadLocalCallback(at::RecordFunctionCallback(BeforeOperation, AfterOperation)
                                               .needsInputs(true)
                                               .needsOutputs(true)
                                               .scopes({at::RecordScope::FUNCTION}))) {}
  ~Recording() { at::removeCallback(handle_); }
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

 private:
  at::CallbackHandle handle_;
};

}  // namespace

int64_t CountMacs(const std::function<void()>& work) {
  counted_macs = 0;
  const Recording recording;
  work();
  return counted_macs;
}

LiveCount CountNetwork(Network& network, at::IntArrayRef sample_shape) {
  LiveCount count;
  for (const at::Tensor& parameter : network.parameters()) count.parameters += parameter.numel();

  std::vector<int64_t> shape = sample_shape.vec();
  shape.insert(shape.begin(), 1);
  const at::NoGradGuard no_grad;
  const EvaluationMode evaluation(network);
  const at::Tensor images = at::zeros(shape, network.parameters().front().options());
  count.macs = CountMacs([&] {
    if (network.spec().head.IsClassifier()) {
      network.Forward(images);
    } else {
      network.ForwardFeatures(images);
    }
  });
  return count;
}

}  // namespace deepmad::models
