// A dense head: what a network puts on the maps of its backbone to predict in each place. To add one: its type in mad/dense_head.cc, and a
// file here that ends in DEEPMAD_REGISTER(HeadRegistry, ...).
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/registry.h"
#include "mad/network_spec.h"
#include "models/batch_norm.h"

namespace torch::nn {
class Module;
}

namespace deepmad::models {

// How the values of a parameter are drawn at first.
struct InitialValues {
  enum class Law { kNormal, kXavierUniform, kConstant };
  Law law;
  double value;  // the standard deviation of kNormal, the constant; unused by kXavierUniform
};

class Head {
 public:
  virtual ~Head() = default;
  // The maps of HeadLevels, finest first -> what the head predicts: see its own header.
  virtual std::vector<at::Tensor> Forward(const std::vector<at::Tensor>& features) const = 0;
  // Of the parameter of this full name; null for those that the run's scheme draws, as in the backbone (models/init.h).
  virtual std::optional<InitialValues> InitOf(const std::string& parameter) const = 0;
  // What the full names of all its tensors start with.
  virtual std::vector<std::string> Prefixes() const = 0;
};

// `levels` are the maps it takes, finest first. Registers its tensors below `root`; weights are zero until they are initialised or loaded.
using HeadRegistry = base::Registry<std::unique_ptr<Head>(const mad::HeadSpec& spec, const std::vector<mad::FeatureLevel>& levels,
                                                          torch::nn::Module& root, BatchNorms& norms)>;

}  // namespace deepmad::models

template <>
const char* deepmad::models::HeadRegistry::kind();
