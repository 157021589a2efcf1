// Block types: each is one short template over the scalar type in a file of mad/blocks/, registered in that file's last line.
//
//   struct Bottleneck {
//     template <typename T>
//     static Unit<T> MakeUnit(const UnitDims<T>& dims);
//   };
//   DEEPMAD_REGISTER_BLOCK("bottleneck", "1x1, kxk, 1x1 with a residual connection", BlockTraits{.has_bottleneck = true}, Bottleneck);
#pragma once

#include <functional>
#include <string>

#include "base/registry.h"
#include "mad/dual.h"
#include "mad/form.h"
#include "mad/layer.h"

namespace deepmad::mad {

// What a unit is built from. Topology (which layers exist) may depend on the integers and flags only, never on a value of T.
template <typename T>
struct UnitDims {
  T in;
  T out;
  T bottleneck;  // 0 for a type without
  Extent kernel;
  Extent stride;          // of the unit: {1,1,1} but in the first unit of a block
  bool changes_channels;  // in != out, decided on integers; a relaxed first unit assumes true
  bool first;             // the first unit of its block
  ActivationKind activation;
};

struct BlockTraits {
  bool has_bottleneck = false;
  bool repeats = true;  // false: depth is always 1 and the block is no residual block (conv)
  ActivationKind activation = ActivationKind::kRelu;
  // Prefix of a unit's tensors below "block_list.<block>": "" or "block_list.<unit>".
  bool units_are_nested = true;
};

struct BlockType {
  BlockTraits traits;
  std::function<Unit<double>(const UnitDims<double>&)> unit;
  std::function<Unit<Dual>(const UnitDims<Dual>&)> relaxed_unit;
  std::function<Unit<Form>(const UnitDims<Form>&)> unit_form;
};

using BlockRegistry = base::Registry<BlockType()>;

// The registered type; UsageError naming the known ones otherwise. The reference stays valid.
const BlockType& FindBlockType(const std::string& name, const std::string& where = "");

template <typename T>
Unit<T> MakeUnit(const BlockType& type, const UnitDims<T>& dims);
template <>
inline Unit<double> MakeUnit(const BlockType& type, const UnitDims<double>& dims) {
  return type.unit(dims);
}
template <>
inline Unit<Dual> MakeUnit(const BlockType& type, const UnitDims<Dual>& dims) {
  return type.relaxed_unit(dims);
}
template <>
inline Unit<Form> MakeUnit(const BlockType& type, const UnitDims<Form>& dims) {
  return type.unit_form(dims);
}

// Instantiates the recipe for every scalar type.
template <typename Recipe>
BlockType MakeBlockType(const BlockTraits& traits) {
  return {traits, &Recipe::template MakeUnit<double>, &Recipe::template MakeUnit<Dual>, &Recipe::template MakeUnit<Form>};
}

}  // namespace deepmad::mad

#define DEEPMAD_REGISTER_BLOCK(name, summary, traits, Recipe) \
  DEEPMAD_REGISTER(::deepmad::mad::BlockRegistry, name, summary, [] { return ::deepmad::mad::MakeBlockType<Recipe>(traits); })
