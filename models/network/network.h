// Builds a network from its structural parameters: a torch::nn::Module whose state_dict has the names of the published checkpoints.
#pragma once

#include <torch/nn/module.h>

#include <memory>
#include <optional>
#include <vector>

#include "mad/network/network_spec.h"
#include "models/heads/head.h"
#include "models/layers/batch_norm.h"
#include "models/layers/named_tensors.h"
#include "models/network/backbone.h"
#include "models/network/classifier.h"

namespace deepmad::models {

// The parts of a network that training does not change.
struct FreezeOptions {
  // The backbone's batch norms. kStatistics: running statistics are used and kept; scales and biases are trained. kAll: scales and biases
  // are not trained either.
  enum class Norms { kNone, kStatistics, kAll };
  Norms batch_norm = Norms::kNone;
  int stages = 0;  // number of frozen stages of the backbone, norms included; the stem, up to stride 2, is the first
};

// Inherits parameters(), train(), eval() and to(device) from torch::nn::Module. Not thread-safe.
class Network : public torch::nn::Module {
 public:
  // Weights are float32 zeros on the CPU until initialised (models/network/init.h) or loaded (models/weights/load.h). REQUIRES: `spec` is
  // valid.
  explicit Network(const mad::NetworkSpec& spec);

  // Images [N, C, H, W] ([N, C, T, H, W] in 3-D), normalised, float32 even for a float64 network -> logits [N, classes]. Throws FailedError
  // for another rank or channel count, and if the head is not a classifier.
  at::Tensor Forward(const at::Tensor& images);
  // The two steps of Forward(): images -> global means of the last map [N, channels], and these -> logits [N, classes].
  at::Tensor ForwardMeans(const at::Tensor& images);
  at::Tensor Classify(const at::Tensor& means) const;
  // Returns the predictions of the dense head; its header in models/heads/ describes them. Throws FailedError if there is none.
  std::vector<at::Tensor> ForwardHead(const at::Tensor& images);
  // Returns the map of each feature level that the head uses.
  std::vector<at::Tensor> ForwardFeatures(const at::Tensor& images);
  // Logits and the maps of all feature levels in one pass. REQUIRES: the head is a classifier.
  struct LogitsAndFeatures {
    at::Tensor logits;
    std::vector<at::Tensor> features;
  };
  LogitsAndFeatures ForwardWithFeatures(const at::Tensor& images);

  const mad::NetworkSpec& spec() const { return spec_; }
  const Backbone& backbone() const { return backbone_; }
  // The dense head, or null if there is none.
  const Head* head() const { return head_.get(); }
  // Returns whether a tensor of the state dict belongs to the classifier or the dense head.
  bool OfHead(const std::string& name) const;

  // Parameters and buffers in the order of Python's state_dict. The tensors share memory with the network.
  NamedTensors StateDict() const;

  // The settings shared by all batch norms of the network. May be changed at any time.
  BatchNormSettings& batch_norm_settings() { return norms_.settings(); }

  // Enables stochastic depth in training mode (models/layers/drop_path.h). The rate is 0 at first.
  DropPaths& drop_paths() { return *drop_paths_; }
  // Freezes parts of the backbone. Throws UsageError if it has fewer stages.
  void Freeze(const FreezeOptions& options);
  void train(bool on = true) override;
  // The running statistics of the norms that are not frozen.
  std::vector<at::Tensor> MovingStatistics() const { return norms_.MovingStatistics(); }

  // Turns activation checkpointing on or off (Backbone::SetRecompute).
  void SetRecompute(bool recompute) { backbone_.SetRecompute(recompute); }

  // Converts floating-point parameters and buffers only; torch::nn::Module::to(dtype) would also convert the counters of the norms.
  void ConvertTo(at::ScalarType dtype);
  // Sets the layout of the convolution weights: ChannelsLast of 2-D ones, ChannelsLast3d of 3-D ones, Contiguous of both; the others keep
  // theirs. Inputs keep theirs too.
  void SetMemoryFormat(at::MemoryFormat format);

 private:
  // Checks the images, counts the batch. The images, in float64 for such a network.
  at::Tensor StartForward(const at::Tensor& images);
  const Classifier& RequireClassifier() const;

  mad::NetworkSpec spec_;
  BatchNorms norms_;
  std::shared_ptr<DropPaths> drop_paths_;
  Backbone backbone_;
  std::optional<Classifier> classifier_;
  std::unique_ptr<Head> head_;
  bool wide_ = false;  // float64
};

// Throws FailedError if the images have another rank or channel count than the network.
void CheckImages(const mad::NetworkSpec& spec, const at::Tensor& images);
// Throws the FailedError of a network that is asked for logits and whose head is not a classifier.
[[noreturn]] void ThrowNoClassifier(const mad::NetworkSpec& spec);

// Validates the spec (throws UsageError) and builds the network, in training mode.
std::shared_ptr<Network> BuildNetwork(const mad::NetworkSpec& spec);

}  // namespace deepmad::models
