// From structural parameters to a network: a torch::nn::Module whose state_dict carries the names of the published checkpoints.
#pragma once

#include <torch/nn/module.h>

#include <memory>
#include <optional>
#include <vector>

#include "mad/network_spec.h"
#include "models/backbone.h"
#include "models/batch_norm.h"
#include "models/classifier.h"
#include "models/heads/head.h"
#include "models/named_tensors.h"

namespace deepmad::models {

// What training leaves as it is.
struct FreezeOptions {
  // Of the backbone's batch norms. kStatistics: they go by their running statistics, which stay; scales and biases are trained. kAll: these
  // stay too.
  enum class Norms { kNone, kStatistics, kAll };
  Norms batch_norm = Norms::kNone;
  int stages = 0;  // the first stages of the backbone, norms included; the stem, up to the map of stride 2, is the first
};

// parameters(), train(), eval() and to(device) are those of torch::nn::Module.
class Network : public torch::nn::Module {
 public:
  // Requires a valid spec. Weights are zero until initialised (models/init.h) or loaded (models/weights/load.h); float32, on the CPU.
  explicit Network(const mad::NetworkSpec& spec);

  // images [N, C, H, W] ([N, C, T, H, W] in 3-D), normalised, float32 for a float64 network too -> logits [N, classes]. FailedError for
  // another rank or channel count, and for a network whose head is no classifier.
  at::Tensor Forward(const at::Tensor& images);
  // The two halves of it: images -> the means over the last map, [N, channels] -> logits.
  at::Tensor ForwardMeans(const at::Tensor& images);
  at::Tensor Classify(const at::Tensor& means) const;
  // What a dense head predicts from images, see its header in models/heads/; FailedError for a network without one.
  std::vector<at::Tensor> ForwardHead(const at::Tensor& images);
  // The map of each feature level that the head names instead, or takes.
  std::vector<at::Tensor> ForwardFeatures(const at::Tensor& images);
  // Both in one pass, of a network with a classifier: the maps of all feature levels.
  struct LogitsAndFeatures {
    at::Tensor logits;
    std::vector<at::Tensor> features;
  };
  LogitsAndFeatures ForwardWithFeatures(const at::Tensor& images);

  const mad::NetworkSpec& spec() const { return spec_; }
  const Backbone& backbone() const { return backbone_; }
  // The dense head; null where there is none.
  const Head* head() const { return head_.get(); }
  // Whether a tensor of the state dict belongs to the classifier or the dense head.
  bool OfHead(const std::string& name) const;

  // Parameters and buffers, not copies, in the order of Python's state_dict.
  NamedTensors StateDict() const;

  // Shared by all norms of the network; may be changed at any time.
  BatchNormSettings& batch_norm_settings() { return norms_.settings(); }

  // Draws from then on in training mode; the rate is 0 at first.
  DropPaths& drop_paths() { return *drop_paths_; }
  // UsageError for more stages than the backbone has.
  void Freeze(const FreezeOptions& options);
  void train(bool on = true) override;
  // The running statistics that training moves.
  std::vector<at::Tensor> MovingStatistics() const { return norms_.MovingStatistics(); }

  // See Backbone.
  void SetRecompute(bool recompute) { backbone_.SetRecompute(recompute); }

  // Floating-point parameters and buffers only: torch::nn::Module::to(dtype) would turn the counters of the norms into floats too.
  void ConvertTo(at::ScalarType dtype);
  // Layout of the convolution weights: at::MemoryFormat::ChannelsLast or Contiguous. Inputs keep theirs. 3-D networks keep theirs too.
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

// FailedError for images of another rank or channel count than the network takes.
void CheckImages(const mad::NetworkSpec& spec, const at::Tensor& images);
// FailedError: logits are asked of a network whose head is no classifier.
[[noreturn]] void ThrowNoClassifier(const mad::NetworkSpec& spec);

// Validates the spec (UsageError) and builds it, in training mode as torch::nn::Module starts.
std::shared_ptr<Network> BuildNetwork(const mad::NetworkSpec& spec);

}  // namespace deepmad::models
