// Structural parameters of a network: a plain value with a YAML form (docs/formats.md), from which everything is built.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/config.h"
#include "mad/block.h"
#include "mad/layer.h"

namespace deepmad::mad {

struct InputSpec {
  int channels = 3;
  int height = 224;  // pixels
  int width = 224;
  int frames = 1;  // > 1 only for 3-D networks
  friend bool operator==(const InputSpec&, const InputSpec&) = default;
};

struct BlockSpec {
  std::string type = "conv";
  int depth = 1;  // units; only the first has the block's stride and channel change
  int kernel = 3;
  int stride = 1;  // 1 or 2, height and width
  int out_channels = 0;
  int bottleneck_channels = 0;                    // 0 for a type without
  std::optional<ActivationKind> activation = {};  // nullopt: the type's own
  friend bool operator==(const BlockSpec&, const BlockSpec&) = default;
};

struct HeadSpec {
  std::string type = "classifier";  // global average pool, linear with bias
  int classes = 1000;
  friend bool operator==(const HeadSpec&, const HeadSpec&) = default;
};

struct NetworkSpec {
  static constexpr int kVersion = 1;
  std::string name = "network";
  InputSpec input;
  std::vector<BlockSpec> blocks;
  HeadSpec head;
  friend bool operator==(const NetworkSpec&, const NetworkSpec&) = default;
};

// A block with what follows from the blocks before it.
struct PlacedBlock {
  const BlockSpec* spec;
  const BlockType* type;
  int index;
  int stage;  // a new stage starts at each stride-2 block except block 0
  int in_channels;
  Extent in_size;  // map size, true
  Extent out_size;
  ActivationKind activation;
};

// The last block of each stage: all that a pyramid or a dense head needs.
struct FeatureLevel {
  int block;
  int channels;
  int stride;  // input pixels per output pixel
};

// Throws UsageError (with `where`) for an unknown type or activation, channels or depth < 1, an even kernel, a stride that is neither 1 nor
// 2, a missing or superfluous bottleneck, depth > 1 of a type that does not repeat, more than 1,000 blocks or 100,000 units.
void Validate(const NetworkSpec& spec, const std::string& where = "");

// Requires a valid spec; the result points into it.
std::vector<PlacedBlock> PlaceBlocks(const NetworkSpec& spec);
std::vector<FeatureLevel> FeatureLevels(const NetworkSpec& spec);

// The units of one block in order: `depth` entries.
std::vector<Unit<double>> BlockUnits(const PlacedBlock& block);
// Prefix of the tensors of one unit in the state_dict: "block_list.2.block_list.0.".
std::string UnitPrefix(const PlacedBlock& block, int unit);

// Reads and checks one version-1 document. UsageError as above, for an unknown version, key or type.
NetworkSpec NetworkFromConfig(const base::Config& config);
NetworkSpec LoadNetwork(const std::string& path);
std::string NetworkToYaml(const NetworkSpec& spec);

}  // namespace deepmad::mad
