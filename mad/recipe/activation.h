// The activation functions that recipes know.
#pragma once

#include <string>

namespace deepmad::mad {

enum class ActivationKind { kNone, kRelu, kRelu6, kSilu, kSigmoid, kGelu, kHardSwish, kHardSigmoid };

// The activations of a squeeze-excite layer: of its hidden channels, and of the factors that it multiplies the map with.
struct SqueezeExciteKinds {
  ActivationKind hidden = ActivationKind::kSilu;
  ActivationKind gate = ActivationKind::kSigmoid;
};

struct ActivationTraits {
  ActivationKind kind;
  const char* name;                        // in YAML files and latency tables
  bool keeps_input;                        // the memory of training counts its input beside its result
  bool trains_in_place;                    // its gradient can be computed after it wrote over its input
  SqueezeExciteKinds squeeze_excite = {};  // of the units with this activation
};

inline constexpr ActivationTraits kActivationTraits[] = {
    {ActivationKind::kNone, "none", false, true},        //
    {ActivationKind::kRelu, "relu", false, true},        //
    {ActivationKind::kRelu6, "relu6", true, true},       //
    {ActivationKind::kSilu, "silu", true, false},        //
    {ActivationKind::kSigmoid, "sigmoid", false, true},  //
    {ActivationKind::kGelu, "gelu", true, false},        //
    // x hard_sigmoid(x), and relu6(x + 3) / 6: MobileNetV3 (Howard et al., arXiv 1905.02244, section 5.2), which has both in its
    // squeeze-excite.
    {ActivationKind::kHardSwish, "hard_swish", true, false, {ActivationKind::kRelu, ActivationKind::kHardSigmoid}},
    {ActivationKind::kHardSigmoid, "hard_sigmoid", true, false},
};

// Throws std::logic_error for a kind without traits.
const ActivationTraits& TraitsOf(ActivationKind kind);
const char* ActivationName(ActivationKind kind);                                       // "relu"
ActivationKind ActivationFromName(const std::string& name, const std::string& where);  // UsageError for an unknown one

}  // namespace deepmad::mad
