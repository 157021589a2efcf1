#include "mad/network/network_spec.h"

#include <fmt/format.h>
#include <algorithm>

#include "mad/network/block_units.h"
#include "mad/network/dense_head_type.h"

namespace deepmad::mad {
namespace {

bool IsUniform(const BlockSpec& spec) { return spec.activation_bits.size() <= 1 && spec.weight_bits.size() <= 1; }

int BitsAt(const std::vector<int>& bits, size_t convolution) { return bits.size() == 1 ? bits[0] : bits[convolution]; }

// Replaces "{key}" in `text`.
void Fill(std::string& text, const char* key, int value) {
  const size_t at = text.find(key);
  if (at != std::string::npos) text.replace(at, std::char_traits<char>::length(key), std::to_string(value));
}

}  // namespace

int NetworkSpec::SpatialDims() const { return FindBlockType(blocks.front().type).traits.has_time ? 3 : 2; }

bool NetworkSpec::Quantised() const {
  return head.bits > 0 || std::any_of(blocks.begin(), blocks.end(), [](const BlockSpec& block) { return !block.weight_bits.empty(); });
}

UnitForm FormOf(const BlockSpec& spec, const BlockType& type) {
  UnitForm form;
  form.kernel = Square(spec.kernel, spec.kernel_t);
  form.activation = spec.activation.value_or(type.traits.activation);
  form.shortcut = spec.shortcut.value_or(type.traits.shortcut.value_or(ShortcutRule::kNone));
  form.se_ratio = spec.se_ratio.value_or(type.traits.se_ratio);
  form.layer_scale = spec.layer_scale.value_or(type.traits.layer_scale.value_or(false));
  if (IsUniform(spec) && !spec.activation_bits.empty()) form.bits = {spec.activation_bits[0], spec.weight_bits[0]};
  return form;
}

std::vector<PlacedBlock> PlaceBlocks(const NetworkSpec& spec) {
  std::vector<PlacedBlock> placed;
  int channels = spec.input.channels;
  Extent size{spec.input.frames, spec.input.height, spec.input.width};
  int stage = 0, residual = 0, units = 0;
  for (size_t i = 0; i < spec.blocks.size(); ++i) {
    const BlockSpec& block = spec.blocks[i];
    const BlockType& type = FindBlockType(block.type);
    if (block.stride == 2 && i > 0) ++stage;
    if (type.traits.repeats) ++residual;
    const Extent out_size = OutputSize(size, Square(block.stride));
    placed.push_back({&block, &type, static_cast<int>(i), stage, channels, size, out_size, FormOf(block, type), residual, units});
    channels = block.out_channels;
    size = out_size;
    units += block.depth;
  }
  return placed;
}

std::vector<FeatureLevel> FeatureLevels(const NetworkSpec& spec) {
  std::vector<FeatureLevel> levels;
  const std::vector<PlacedBlock> placed = PlaceBlocks(spec);
  int stride = 1;
  for (size_t i = 0; i < placed.size(); ++i) {
    stride *= placed[i].spec->stride;
    const bool last_of_stage = i + 1 == placed.size() || placed[i + 1].stage != placed[i].stage;
    if (last_of_stage) levels.push_back({static_cast<int>(i), placed[i].spec->out_channels, stride});
  }
  return levels;
}

std::vector<FeatureLevel> HeadLevels(const NetworkSpec& spec) {
  const std::vector<FeatureLevel> all = FeatureLevels(spec);
  std::vector<FeatureLevel> chosen;
  if (const DenseHead* head = FindDenseHead(spec.head.type)) {
    for (const FeatureLevel& level : all) {
      if (level.stride >= head->finest_stride && level.stride <= kCoarsestStride) chosen.push_back(level);
    }
    return chosen;
  }
  if (spec.head.levels.empty()) return all;
  for (const int level : spec.head.levels) chosen.push_back(all[static_cast<size_t>(level)]);
  return chosen;
}

std::vector<Unit<double>> BlockUnits(const PlacedBlock& block) {
  const BlockSpec& spec = *block.spec;
  const BlockLayout layout{block.type, block.form, spec.stride, block.ChangesChannels()};
  const BlockDims<double> dims{static_cast<double>(block.in_channels), static_cast<double>(spec.out_channels),
                               static_cast<double>(spec.bottleneck_channels)};
  std::vector<Unit<double>> units{MakeUnit(*block.type, FirstUnitDims(layout, dims))};
  for (int i = 1; i < spec.depth; ++i) units.push_back(MakeUnit(*block.type, OtherUnitDims(layout, dims)));
  if (!IsUniform(spec)) {
    size_t convolution = 0;
    for (Unit<double>& unit : units) {
      SetBits(unit, [&] {
        const Bits bits{BitsAt(spec.activation_bits, convolution), BitsAt(spec.weight_bits, convolution)};
        ++convolution;
        return bits;
      });
    }
  }
  return units;
}

int MainConvolutions(const BlockSpec& spec) {
  const BlockType& type = FindBlockType(spec.type);
  UnitForm form = FormOf(spec, type);
  form.bits = {};
  const BlockLayout layout{&type, form, 1, true};
  const BlockDims<double> any{8, 8, 8};  // which layers there are depends on no width
  const auto count = [](Unit<double> unit) {
    int convolutions = 0;
    SetBits(unit, [&] {
      ++convolutions;
      return Bits{};
    });
    return convolutions;
  };
  return count(MakeUnit(type, FirstUnitDims(layout, any))) + (spec.depth - 1) * count(MakeUnit(type, OtherUnitDims(layout, any)));
}

std::string KernelText(const BlockSpec& spec) {
  return spec.kernel_t > 1 ? fmt::format("{}x{}", spec.kernel_t, spec.kernel) : std::to_string(spec.kernel);
}

std::string InputText(const InputSpec& input) {
  return input.frames > 1 ? fmt::format("{}x{}x{}x{}", input.channels, input.frames, input.height, input.width)
                          : fmt::format("{}x{}x{}", input.channels, input.height, input.width);
}

std::string UnitPrefix(const PlacedBlock& block, int unit) {
  std::string prefix = block.type->traits.prefix;
  Fill(prefix, "{block}", block.index);
  Fill(prefix, "{unit}", unit);
  Fill(prefix, "{residual}", block.residual);
  Fill(prefix, "{sequence}", block.first_unit + unit);
  return prefix;
}

}  // namespace deepmad::mad
