// Structural parameters of a network: a plain value with a YAML form (docs/formats.md), from which everything is built.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/config/config.h"
#include "mad/recipe/block_type.h"
#include "mad/recipe/layer.h"

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
  int stride = 1;  // 1 or 2, height and width; time keeps its length
  int out_channels = 0;
  int bottleneck_channels = 0;                    // 0 if the type has no bottleneck
  std::optional<ActivationKind> activation = {};  // nullopt: the type's own, as below
  int kernel_t = 1;                               // frames; 3-D types only
  std::optional<double> se_ratio = {};            // hidden over input channels of squeeze-excite
  std::optional<ShortcutRule> shortcut = {};
  std::optional<bool> layer_scale = {};  // a factor a channel at the end of each main path beside a shortcut
  // Bit widths of the main path's convolutions: empty (not quantised), one for all, or one each in the order of the units. Both or neither.
  std::vector<int> activation_bits = {};
  std::vector<int> weight_bits = {};
  friend bool operator==(const BlockSpec&, const BlockSpec&) = default;
};

struct HeadSpec {
  // "classifier": global average pool, linear with bias. "features": none; the network gives the maps of its feature levels. Else a dense
  // head (mad/network/dense_head_type.h) on those maps.
  std::string type = "classifier";
  int classes = 1000;              // 0 for features
  std::string name = "fc_linear";  // of the classifier's tensors in the state_dict
  int bits = 0;                    // of the classifier's input and weights; 0: not quantised
  std::vector<int> levels = {};    // of "features": which levels, ascending, the last among them; empty: all
  int channels = 0;                // of a dense head's convolutions; 0 for others
  bool IsClassifier() const { return type == "classifier"; }
  bool IsDense() const { return !IsClassifier() && type != "features"; }
  friend bool operator==(const HeadSpec&, const HeadSpec&) = default;
};

struct NetworkSpec {
  static constexpr int kVersion = 1;
  std::string name = "network";
  InputSpec input;
  std::vector<BlockSpec> blocks;
  HeadSpec head;
  // Dimensions of a map: 2, or 3 (time first) where the blocks are 3-D types. Requires known types.
  int SpatialDims() const;
  // Returns whether any convolution or the classifier is quantised.
  bool Quantised() const;
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
  UnitForm form;   // bit widths only where all convolutions share them
  int residual;    // residual blocks up to here, this one included
  int first_unit;  // units before it in the network
  bool ChangesChannels() const { return in_channels != spec->out_channels; }
};

// The last block of each stage: all that a pyramid or a dense head needs.
struct FeatureLevel {
  int block;
  int channels;
  int stride;  // input pixels per output pixel
};

// Throws UsageError (with `where`) for an unknown type or activation, channels or depth < 1, an even kernel, a stride that is neither 1 nor
// 2, a missing or superfluous bottleneck, depth > 1 of a type that does not repeat, a key that means nothing to the type, bit widths that
// do not match the convolutions, 2-D and 3-D types in one network, a dense head on a backbone without the maps it takes, two units whose
// tensors would have the same names, more than 1,000 blocks or 100,000 units.
void Validate(const NetworkSpec& spec, const std::string& where = "");

// Requires a valid spec; the result points into it.
std::vector<PlacedBlock> PlaceBlocks(const NetworkSpec& spec);
std::vector<FeatureLevel> FeatureLevels(const NetworkSpec& spec);
// Returns the feature levels that a "features" head outputs or a dense head takes as input; with a classifier, all levels.
std::vector<FeatureLevel> HeadLevels(const NetworkSpec& spec);

// Returns the attributes of a block's units, with defaults of the type filled in. Mixed bit widths are left out.
UnitForm FormOf(const BlockSpec& spec, const BlockType& type);
// The units of one block in order: `depth` entries.
std::vector<Unit<double>> BlockUnits(const PlacedBlock& block);
// Convolutions on the main path of all units of a block.
int MainConvolutions(const BlockSpec& spec);
// For tables and drawings: "5", or "3x5" with the frames first; "3x224x224", or "3x16x224x224" with the frames second.
std::string KernelText(const BlockSpec& spec);
std::string InputText(const InputSpec& input);
// Prefix of the tensors of one unit in the state_dict: "block_list.2.block_list.0.".
std::string UnitPrefix(const PlacedBlock& block, int unit);

// Reads and validates one version-1 document. Throws UsageError for an invalid network and for an unknown version, key or type.
NetworkSpec NetworkFromConfig(const base::Config& config);
NetworkSpec LoadNetwork(const std::string& path);
std::string NetworkToYaml(const NetworkSpec& spec);
// Readers of the parts that network documents and design problems share.
BlockSpec BlockFromConfig(const base::Config& config);
HeadSpec HeadFromConfig(const base::Config& config);

}  // namespace deepmad::mad
