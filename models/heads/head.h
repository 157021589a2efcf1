// Interface of dense heads, which predict at each position of the backbone's maps. To add one, add its type to
// mad/network/dense_head_type.cc and write a file here that ends in DEEPMAD_REGISTER(HeadRegistry, ...).
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/registry.h"
#include "mad/network/network_spec.h"
#include "models/layers/batch_norm.h"

namespace torch::nn {
class Module;
}

namespace deepmad::models {

// The initial distribution of a parameter.
struct InitialValues {
  enum class Law { kNormal, kXavierUniform, kConstant };
  Law law;
  double value;  // the standard deviation of kNormal, the constant; unused by kXavierUniform
};

class Head {
 public:
  virtual ~Head() = default;
  // Predicts from the maps of HeadLevels, finest first. The header of each head describes its outputs.
  virtual std::vector<at::Tensor> Forward(const std::vector<at::Tensor>& features) const = 0;
  // Returns the initial distribution of the parameter with this full name, or nullopt if the run's scheme applies (models/network/init.h).
  virtual std::optional<InitialValues> InitOf(const std::string& parameter) const = 0;
  // The prefixes of the full names of its tensors.
  virtual std::vector<std::string> Prefixes() const = 0;
};

// A factory gets the levels of the input maps, finest first, and registers the head's tensors below `root`. Weights are zero until
// initialised or loaded.
using HeadRegistry = base::Registry<std::unique_ptr<Head>(const mad::HeadSpec& spec, const std::vector<mad::FeatureLevel>& levels,
                                                          torch::nn::Module& root, BatchNorms& norms)>;

}  // namespace deepmad::models

template <>
const char* deepmad::models::HeadRegistry::kind();
