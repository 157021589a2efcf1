// Block types: each is one short template over the scalar type in a file of mad/blocks/, registered in that file's last line.
//
//   struct Bottleneck {
//     template <typename T>
//     static Unit<T> MakeUnit(const UnitDims<T>& dims);
//   };
//   DEEPMAD_REGISTER_BLOCK("bottleneck", "1x1, kxk, 1x1 with a residual connection", (BlockTraits{.has_bottleneck = true}), Bottleneck);
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/registry.h"
#include "mad/recipe/dual.h"
#include "mad/recipe/layer.h"
#include "mad/recipe/polynomial.h"

namespace deepmad::mad {

// The shortcut of a residual unit. "Pooled" means after 2x2 average pooling (1x2x2 in 3-D) if the stride is 2; a projection is a 1x1
// convolution and a norm.
enum class ShortcutRule {
  kNone,              // no shortcut at all
  kIdentity,          // the pooled input if in = out, else no shortcut
  kProject,           // the pooled input, projected if in != out
  kProjectFirst,      // the pooled input, projected in the first unit even where in = out
  kProjectUnstrided,  // as kProject if the stride is 1, else no shortcut
};
const char* ShortcutRuleName(ShortcutRule rule);                                       // "project_first"
ShortcutRule ShortcutRuleFromName(const std::string& name, const std::string& where);  // UsageError for an unknown one

// The attributes of a unit other than channel counts. Equal for all units of a block.
struct UnitForm {
  Extent kernel{1, 3, 3};
  ActivationKind activation = ActivationKind::kRelu;
  ShortcutRule shortcut = ShortcutRule::kNone;
  double se_ratio = 0;  // hidden over input channels of a squeeze-excite layer
  bool layer_scale = false;
  Bits bits{};           // of every convolution of the main path
  bool relaxed = false;  // widths are real numbers: nothing is rounded
};

// What a unit is built from. Topology (which layers exist) may depend on the integers and flags only, never on a value of T.
template <typename T>
struct UnitDims : UnitForm {
  T in{};
  T out{};
  T bottleneck{};                 // 0 if the type has no bottleneck
  Extent stride{};                // {1,1,1} except in the first unit of a block
  bool changes_channels = false;  // in != out, decided on integers; a relaxed first unit assumes true
  bool first = false;             // the first unit of its block
};

struct BlockTraits {
  bool has_bottleneck = false;
  bool repeats = true;          // false: depth is always 1 and the block is no residual block (conv)
  bool has_time = false;        // for 3-D networks; a network's blocks all are, or none is
  bool keeps_channels = false;  // out must equal in (pools)
  ActivationKind activation = ActivationKind::kRelu;
  std::optional<ShortcutRule> shortcut = {};  // the type's own rule, which a block may replace; nullopt: nothing to choose
  double se_ratio = 0;                        // the type's own; 0: no squeeze-excite
  std::optional<bool> layer_scale = {};       // as `shortcut`
  // Prefix of a unit's tensors in the state_dict. {block}: index of the block; {unit}: of the unit in its block; {residual}: 1 for the
  // first residual block; {sequence}: units before it in the network.
  const char* prefix = "block_list.{block}.block_list.{unit}.";
};

struct BlockType {
  BlockTraits traits;
  std::function<Unit<double>(const UnitDims<double>&)> unit;
  std::function<Unit<Dual>(const UnitDims<Dual>&)> relaxed_unit;
  std::function<Unit<Form>(const UnitDims<Form>&)> unit_form;
};

using BlockRegistry = base::Registry<BlockType()>;

// Returns a registered type. Throws UsageError naming the known types if there is none. The reference stays valid.
const BlockType& FindBlockType(const std::string& name, const std::string& where = "");

// Sets bit widths on the convolutions of the main paths, in order; recipes do not handle them. Shortcuts and squeeze-excite stay in
// floating point.
template <typename T, typename NextBits>
void SetBits(Unit<T>& unit, const NextBits& next) {
  for (Branch<T>& branch : unit) {
    for (Layer<T>& layer : branch.main) {
      if (layer.kind == LayerKind::kConv) layer.bits = next();
    }
  }
}

template <typename T>
Unit<T> MakeUnit(const BlockType& type, const UnitDims<T>& dims) {
  Unit<T> unit;
  if constexpr (std::is_same_v<T, double>) {
    unit = type.unit(dims);
  } else if constexpr (std::is_same_v<T, Dual>) {
    unit = type.relaxed_unit(dims);
  } else {
    unit = type.unit_form(dims);
  }
  if (dims.bits.Quantised()) SetBits(unit, [&] { return dims.bits; });
  return unit;
}

// Instantiates the recipe for every scalar type.
template <typename Recipe>
BlockType MakeBlockType(const BlockTraits& traits) {
  return {traits, &Recipe::template MakeUnit<double>, &Recipe::template MakeUnit<Dual>, &Recipe::template MakeUnit<Form>};
}

}  // namespace deepmad::mad

#define DEEPMAD_REGISTER_BLOCK(name, summary, traits, Recipe) \
  DEEPMAD_REGISTER(::deepmad::mad::BlockRegistry, name, summary, [] { return ::deepmad::mad::MakeBlockType<Recipe>(traits); })
