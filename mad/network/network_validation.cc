// Validate: what a NetworkSpec must keep.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <set>

#include "mad/network/dense_head_type.h"
#include "mad/network/network_spec.h"

namespace deepmad::mad {
namespace {

constexpr int kMaxBlocks = 1000;
constexpr int kMaxUnits = 100000;
constexpr int kMaxChannels = 1 << 20;
constexpr int kMaxSide = 1 << 16;
constexpr int kMaxHalvings = 16;  // of the largest side to one
constexpr int kMaxFrames = 4096;
constexpr int kMaxKernel = 31;
constexpr int kMinBits = 2, kMaxBits = 8;

class BlockCheck {
 public:
  BlockCheck(const BlockSpec& block, int index, const std::string& where) : block_(block), index_(index), where_(where) {}

  void Run() const {
    const BlockType& type = FindBlockType(block_.type, where_);
    CheckKernel("kernel", block_.kernel);
    CheckKernel("kernel_t", block_.kernel_t);
    if (block_.stride != 1 && block_.stride != 2) Fail(fmt::format("stride {}", block_.stride), "strides are 1 or 2");
    if (block_.out_channels < 1 || block_.out_channels > kMaxChannels) {
      Fail(fmt::format("out_channels {}", block_.out_channels), fmt::format("give 1 to {} channels", kMaxChannels));
    }
    CheckBottleneck(type.traits.has_bottleneck);
    if (block_.depth < 1 || block_.depth > kMaxUnits) {
      Fail(fmt::format("depth {}", block_.depth), fmt::format("a block has 1 to {} units", kMaxUnits));
    }
    if (block_.depth > 1 && !type.traits.repeats) Fail(fmt::format("depth {}", block_.depth), "this type has no units to repeat");
    if (block_.kernel_t > 1 && !type.traits.has_time) Fail(fmt::format("kernel_t {}", block_.kernel_t), "only 3-D types have one");
    if (block_.se_ratio && type.traits.se_ratio == 0) Fail("se_ratio given", "this type has no squeeze-excite");
    if (block_.se_ratio && !(*block_.se_ratio > 0 && *block_.se_ratio <= 4)) {
      Fail(fmt::format("se_ratio {}", *block_.se_ratio), "give more than 0, at most 4");
    }
    if (block_.shortcut && !type.traits.shortcut) Fail("shortcut given", "this type's shortcut is fixed");
    if (block_.layer_scale && !type.traits.layer_scale) Fail("layer_scale given", "this type has no layer scale");
    CheckBits();
  }

 private:
  [[noreturn]] void Fail(const std::string& what, const std::string& hint) const {
    throw base::UsageError(fmt::format("block {} ({}): {}", index_, block_.type, what), where_, hint);
  }

  void CheckKernel(const char* key, int kernel) const {
    if (kernel < 1 || kernel > kMaxKernel || kernel % 2 == 0) {
      Fail(fmt::format("{} {}", key, kernel), fmt::format("kernels are odd, 1 to {}", kMaxKernel));
    }
  }

  void CheckBottleneck(bool needed) const {
    if (needed != (block_.bottleneck_channels != 0)) {
      Fail(needed ? "bottleneck_channels missing" : "bottleneck_channels given", needed ? "this type needs them" : "this type has none");
    }
    if (block_.bottleneck_channels < 0 || block_.bottleneck_channels > kMaxChannels) {
      Fail(fmt::format("bottleneck_channels {}", block_.bottleneck_channels), fmt::format("give 1 to {} channels", kMaxChannels));
    }
  }

  void CheckBits() const {
    if (block_.activation_bits.empty() && block_.weight_bits.empty()) return;
    if (block_.activation_bits.empty() || block_.weight_bits.empty()) Fail("activation_bits without weight_bits", "give both or neither");
    const size_t convolutions = static_cast<size_t>(MainConvolutions(block_));
    for (const auto& [key, bits] : {std::pair{"activation_bits", &block_.activation_bits}, std::pair{"weight_bits", &block_.weight_bits}}) {
      if (bits->size() != 1 && bits->size() != convolutions) {
        Fail(fmt::format("{} {}", bits->size(), key), fmt::format("give one, or one for each of the {} convolutions", convolutions));
      }
      for (const int value : *bits) {
        if (value < kMinBits || value > kMaxBits) Fail(fmt::format("{} {}", key, value), fmt::format("give {} to {}", kMinBits, kMaxBits));
      }
    }
  }

  const BlockSpec& block_;
  int index_;
  const std::string& where_;
};

void CheckDenseHead(const NetworkSpec& spec, const std::string& where) {
  const HeadSpec& head = spec.head;
  const DenseHead* dense = FindDenseHead(head.type);
  if (dense == nullptr) {
    std::vector<std::string> known = {"classifier", "features"};
    for (const DenseHead& other : DenseHeads()) known.push_back(other.type);
    throw base::UnknownName("head", head.type, known, where);
  }
  if (head.channels < 1 || head.channels > kMaxChannels) {
    throw base::UsageError(fmt::format("head with {} channels", head.channels), where, fmt::format("give 1 to {}", kMaxChannels));
  }
  if (head.channels % dense->channel_multiple != 0) {
    throw base::UsageError(fmt::format("head {} with {} channels", head.type, head.channels), where,
                           fmt::format("give a multiple of {}: its norms have as many groups", dense->channel_multiple));
  }
  if (head.bits != 0 || !head.levels.empty()) {
    throw base::UsageError(fmt::format("head {} with bits or levels", head.type), where, "leave them out");
  }
  std::vector<int> strides;
  for (const FeatureLevel& level : HeadLevels(spec)) strides.push_back(level.stride);
  std::vector<int> wanted;
  for (int stride = dense->finest_stride; stride <= kCoarsestStride; stride *= 2) wanted.push_back(stride);
  if (strides != wanted || spec.SpatialDims() != 2) {
    throw base::UsageError(fmt::format("head {} takes maps of strides {}, the backbone gives {}", head.type, fmt::join(wanted, ", "),
                                       fmt::join(strides, ", ")),
                           where, "give the backbone stages of these strides");
  }
}

void CheckHead(const NetworkSpec& spec, const std::string& where) {
  const HeadSpec& head = spec.head;
  if (head.IsDense()) CheckDenseHead(spec, where);
  if (head.type != "features" && (head.classes < 1 || head.classes > kMaxChannels)) {
    throw base::UsageError(fmt::format("head with {} classes", head.classes), where, fmt::format("give 1 to {}", kMaxChannels));
  }
  if (head.name.empty()) throw base::UsageError("head without a name", where, "the classifier's tensors need one, as fc_linear");
  if (head.bits != 0 && (head.bits < kMinBits || head.bits > kMaxBits)) {
    throw base::UsageError(fmt::format("head with {} bits", head.bits), where, fmt::format("give {} to {}", kMinBits, kMaxBits));
  }
  const int levels = static_cast<int>(FeatureLevels(spec).size());
  for (size_t i = 0; i < head.levels.size(); ++i) {
    const int level = head.levels[i];
    if (level < 0 || level >= levels || (i > 0 && level <= head.levels[i - 1])) {
      throw base::UsageError(fmt::format("head level {}", level), where,
                             fmt::format("list levels of 0 to {} in ascending order", levels - 1));
    }
  }
  if (!head.levels.empty() && head.levels.back() != levels - 1) {
    throw base::UsageError("head levels without the last", where,
                           fmt::format("add level {}, or leave out the blocks behind level {}", levels - 1, head.levels.back()));
  }
}

// What depends on the blocks before.
void CheckSequence(const NetworkSpec& spec, const std::string& where) {
  const bool has_time = FindBlockType(spec.blocks[0].type).traits.has_time;
  if (spec.input.frames > 1 && !has_time) {
    throw base::UsageError(fmt::format("{} frames for 2-D blocks", spec.input.frames), where, "use 3-D types, or one frame");
  }
  std::set<std::string> prefixes;
  for (const PlacedBlock& block : PlaceBlocks(spec)) {
    const auto fail = [&](const std::string& what, const std::string& hint) {
      throw base::UsageError(fmt::format("block {} ({}): {}", block.index, block.spec->type, what), where, hint);
    };
    const BlockTraits& traits = block.type->traits;
    if (traits.has_time != has_time) fail("2-D and 3-D blocks in one network", "use types of one kind");
    if (traits.keeps_channels && block.ChangesChannels()) {
      fail(fmt::format("out_channels {} behind {}", block.spec->out_channels, block.in_channels), "this type keeps the channels");
    }
    if (!prefixes.insert(UnitPrefix(block, 0)).second) fail("its tensors' names are taken", "this type may stand only once in a network");
  }
}

}  // namespace

void Validate(const NetworkSpec& spec, const std::string& where) {
  const InputSpec& input = spec.input;
  for (const auto& [name, value, limit] : {std::tuple{"channels", input.channels, 1024}, std::tuple{"height", input.height, kMaxSide},
                                           std::tuple{"width", input.width, kMaxSide}, std::tuple{"frames", input.frames, kMaxFrames}}) {
    if (value < 1 || value > limit)
      throw base::UsageError(fmt::format("input {} {}", name, value), where, fmt::format("give 1 to {}", limit));
  }
  if (spec.blocks.empty()) throw base::UsageError("a network without blocks", where, "list at least one under `blocks`");
  if (spec.blocks.size() > kMaxBlocks) {
    throw base::UsageError(fmt::format("{} blocks", spec.blocks.size()), where, fmt::format("at most {} are allowed", kMaxBlocks));
  }
  int64_t units = 0;
  int halvings = 0;
  for (size_t i = 0; i < spec.blocks.size(); ++i) {
    BlockCheck(spec.blocks[i], static_cast<int>(i), where).Run();
    units += spec.blocks[i].depth;
    halvings += spec.blocks[i].stride == 2;
  }
  if (units > kMaxUnits)
    throw base::UsageError(fmt::format("{} units in all", units), where, fmt::format("at most {} are allowed", kMaxUnits));
  if (halvings > kMaxHalvings) {
    throw base::UsageError(fmt::format("{} strides of 2", halvings), where, fmt::format("at most {} are allowed", kMaxHalvings));
  }
  CheckSequence(spec, where);
  CheckHead(spec, where);
}

}  // namespace deepmad::mad
