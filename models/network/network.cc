#include "models/network/network.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/error.h"
#include "models/layers/module_tree.h"

namespace deepmad::models {

Network::Network(const mad::NetworkSpec& spec)
    : torch::nn::Module("Network"),
      spec_(spec),
      drop_paths_(std::make_shared<DropPaths>(spec_.SpatialDims())),
      backbone_(spec_, *this, norms_, drop_paths_) {
  if (spec_.head.IsClassifier()) classifier_.emplace(backbone_.out_channels(), spec_.head, *this);
  if (spec_.head.IsDense()) head_ = HeadRegistry::Get().Create(spec_.head.type, spec_.head, mad::HeadLevels(spec_), *this, norms_);
}

at::Tensor Network::Forward(const at::Tensor& images) {
  const Classifier& classifier = RequireClassifier();
  return classifier.Forward(backbone_.Forward(StartForward(images)));
}

at::Tensor Network::ForwardMeans(const at::Tensor& images) {
  RequireClassifier();
  return Classifier::Means(backbone_.Forward(StartForward(images)));
}

at::Tensor Network::Classify(const at::Tensor& means) const { return RequireClassifier().OfMeans(means); }

std::vector<at::Tensor> Network::ForwardFeatures(const at::Tensor& images) { return backbone_.ForwardFeatures(StartForward(images)); }

Network::LogitsAndFeatures Network::ForwardWithFeatures(const at::Tensor& images) {
  const Classifier& classifier = RequireClassifier();
  std::vector<at::Tensor> features = backbone_.ForwardFeatures(StartForward(images));
  const at::Tensor logits = classifier.Forward(features.back());  // the last block ends the last stage
  return {logits, std::move(features)};
}

std::vector<at::Tensor> Network::ForwardHead(const at::Tensor& images) {
  if (!head_) throw base::FailedError(fmt::format("network '{}' has no head that predicts in each place", spec_.name));
  return head_->Forward(ForwardFeatures(images));
}

bool Network::OfHead(const std::string& name) const {
  if (!head_) return name.starts_with(spec_.head.name + ".");
  const std::vector<std::string> prefixes = head_->Prefixes();
  return std::any_of(prefixes.begin(), prefixes.end(), [&](const std::string& prefix) { return name.starts_with(prefix); });
}

NamedTensors Network::StateDict() const { return models::StateDict(*this); }

void Network::Freeze(const FreezeOptions& options) {
  if (options.stages > backbone_.stages()) {
    throw base::UsageError(fmt::format("{} stages to freeze, the backbone of '{}' has {}", options.stages, spec_.name, backbone_.stages()),
                           "train.freeze.stages");
  }
  using Norms = FreezeOptions::Norms;
  const int stages_of_norms = options.batch_norm == Norms::kNone ? options.stages : backbone_.stages();
  norms_.Freeze(backbone_.NormsOf(stages_of_norms), /*affine=*/options.batch_norm == Norms::kAll);
  for (at::Tensor& parameter : backbone_.ParametersOf(options.stages)) parameter.set_requires_grad(false);
}

void Network::train(bool on) {
  torch::nn::Module::train(on);
  norms_.KeepFrozen();
}

void Network::ConvertTo(at::ScalarType dtype) {
  wide_ = dtype == at::kDouble;
  for (auto& [name, tensor] : StateDict()) {
    if (tensor.is_floating_point()) tensor.set_data(tensor.detach().to(dtype));
  }
}

void Network::SetMemoryFormat(at::MemoryFormat format) {
  for (at::Tensor& parameter : parameters()) {
    const bool fits = (parameter.dim() == 4 && format != at::MemoryFormat::ChannelsLast3d) ||
                      (parameter.dim() == 5 && format != at::MemoryFormat::ChannelsLast);
    if (fits) parameter.set_data(parameter.detach().contiguous(format));
  }
}

const Classifier& Network::RequireClassifier() const {
  if (!classifier_) ThrowNoClassifier(spec_);
  return *classifier_;
}

at::Tensor Network::StartForward(const at::Tensor& images) {
  CheckImages(spec_, images);
  drop_paths_->SetTraining(is_training());
  norms_.CountBatch();
  return wide_ && images.scalar_type() == at::kFloat ? images.to(at::kDouble) : images;
}

void CheckImages(const mad::NetworkSpec& spec, const at::Tensor& images) {
  const int rank = 2 + spec.SpatialDims();
  if (images.dim() != rank || images.size(1) != spec.input.channels) {
    throw base::FailedError(fmt::format("network '{}' takes a batch of {} dimensions with {} channels, not [{}]", spec.name, rank,
                                        spec.input.channels, fmt::join(images.sizes(), ", ")),
                            "", "check data.channels against the network's input");
  }
}

void ThrowNoClassifier(const mad::NetworkSpec& spec) {
  throw base::FailedError(fmt::format("network '{}' gives features and has no classifier", spec.name));
}

std::shared_ptr<Network> BuildNetwork(const mad::NetworkSpec& spec) {
  mad::Validate(spec);
  return std::make_shared<Network>(spec);
}

}  // namespace deepmad::models
