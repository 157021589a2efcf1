// The YAML form of a NetworkSpec (docs/formats.md).
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "mad/network/dense_head_type.h"
#include "mad/network/network_spec.h"

namespace deepmad::mad {
namespace {

constexpr int64_t kAnyCount = 1 << 20;

int GetCount(const base::Config& config, const std::string& key, int fallback) {
  return static_cast<int>(config.GetInt(key, fallback, 1, kAnyCount));
}

// A name as a YAML scalar that reads back as the same text.
std::string Quoted(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"";
}

std::vector<int> GetBits(const base::Config& config, const std::string& key) {
  std::vector<int> bits;
  for (const int64_t value : config.GetInts(key, {}, 1, 64)) bits.push_back(static_cast<int>(value));
  return bits;
}

std::string List(const std::vector<int>& values) {
  return values.size() == 1 ? std::to_string(values[0]) : fmt::format("[{}]", fmt::join(values, ", "));
}

std::string HeadToYaml(const HeadSpec& head) {
  std::string yaml = fmt::format("head: {{type: {}", head.type);
  if (head.classes > 0) yaml += fmt::format(", classes: {}", head.classes);
  if (head.channels > 0) yaml += fmt::format(", channels: {}", head.channels);
  if (head.name != HeadSpec{}.name) yaml += fmt::format(", name: {}", Quoted(head.name));
  if (head.bits > 0) yaml += fmt::format(", bits: {}", head.bits);
  if (!head.levels.empty()) yaml += fmt::format(", levels: [{}]", fmt::join(head.levels, ", "));
  return yaml + "}\n";
}

}  // namespace

BlockSpec BlockFromConfig(const base::Config& config) {
  BlockSpec block;
  block.type = config.GetString("type");
  FindBlockType(block.type, config.Where("type"));
  block.depth = GetCount(config, "depth", 1);
  block.kernel = GetCount(config, "kernel", 3);
  block.kernel_t = GetCount(config, "kernel_t", 1);
  block.stride = GetCount(config, "stride", 1);
  block.out_channels = static_cast<int>(config.GetInt("out_channels", 1, kAnyCount));
  block.bottleneck_channels = static_cast<int>(config.GetInt("bottleneck_channels", 0, 0, kAnyCount));
  if (config.Has("activation")) block.activation = ActivationFromName(config.GetString("activation"), config.Where("activation"));
  block.se_ratio = config.GetOptionalDouble("se_ratio", 1e-6, 4);
  if (config.Has("shortcut")) block.shortcut = ShortcutRuleFromName(config.GetString("shortcut"), config.Where("shortcut"));
  if (config.Has("layer_scale")) block.layer_scale = config.GetBool("layer_scale", false);
  block.activation_bits = GetBits(config, "activation_bits");
  block.weight_bits = GetBits(config, "weight_bits");
  return block;
}

HeadSpec HeadFromConfig(const base::Config& config) {
  HeadSpec head;
  head.type = config.GetString("type", head.type);
  head.classes = head.type == "features" ? 0 : GetCount(config, "classes", head.classes);
  head.name = config.GetString("name", head.name);
  head.bits = static_cast<int>(config.GetInt("bits", 0, 0, 64));
  const DenseHead* dense = FindDenseHead(head.type);
  if (dense != nullptr) head.channels = GetCount(config, "channels", dense->channels);
  // A dense head takes all levels; it may say [] to an included structure that names some.
  if (dense != nullptr ? config.Has("levels") : !head.IsClassifier()) {
    for (const int64_t level : config.GetInts("levels", {}, 0, 1000)) head.levels.push_back(static_cast<int>(level));
  }
  return head;
}

NetworkSpec NetworkFromConfig(const base::Config& config) {
  const int64_t version = config.GetInt("version", 1, 1000);
  if (version != NetworkSpec::kVersion) {
    throw base::UsageError(fmt::format("network version {}", version), config.Where("version"),
                           fmt::format("this program reads version {}", NetworkSpec::kVersion));
  }
  NetworkSpec spec;
  spec.name = config.GetString("name", spec.name);
  const base::Config input = config.Section("input");
  spec.input.channels = GetCount(input, "channels", spec.input.channels);
  spec.input.height = GetCount(input, "height", spec.input.height);
  spec.input.width = GetCount(input, "width", spec.input.width);
  spec.input.frames = GetCount(input, "frames", spec.input.frames);
  for (const base::Config& block : config.Sections("blocks")) spec.blocks.push_back(BlockFromConfig(block));
  spec.head = HeadFromConfig(config.Section("head"));
  Validate(spec, config.Where());
  return spec;
}

NetworkSpec LoadNetwork(const std::string& path) {
  const base::Config config = base::Config::FromFile(path);
  NetworkSpec spec = NetworkFromConfig(config);
  config.CheckAllRead();
  return spec;
}

std::string NetworkToYaml(const NetworkSpec& spec) {
  std::string yaml = fmt::format("version: {}\nname: {}\n", NetworkSpec::kVersion, Quoted(spec.name));
  yaml += fmt::format("input: {{channels: {}, height: {}, width: {}", spec.input.channels, spec.input.height, spec.input.width);
  yaml += spec.input.frames > 1 ? fmt::format(", frames: {}}}\n", spec.input.frames) : "}\n";
  yaml += "blocks:\n";
  for (const BlockSpec& block : spec.blocks) {
    yaml += fmt::format("  - {{type: {}, ", block.type);
    if (FindBlockType(block.type).traits.repeats) yaml += fmt::format("depth: {}, ", block.depth);
    yaml += fmt::format("kernel: {}, ", block.kernel);
    if (block.kernel_t > 1) yaml += fmt::format("kernel_t: {}, ", block.kernel_t);
    yaml += fmt::format("stride: {}, ", block.stride);
    if (block.bottleneck_channels > 0) yaml += fmt::format("bottleneck_channels: {}, ", block.bottleneck_channels);
    yaml += fmt::format("out_channels: {}", block.out_channels);
    if (block.activation) yaml += fmt::format(", activation: {}", ActivationName(*block.activation));
    if (block.se_ratio) yaml += fmt::format(", se_ratio: {}", *block.se_ratio);
    if (block.shortcut) yaml += fmt::format(", shortcut: {}", ShortcutRuleName(*block.shortcut));
    if (block.layer_scale) yaml += fmt::format(", layer_scale: {}", *block.layer_scale);
    if (!block.activation_bits.empty()) {
      yaml += fmt::format(", activation_bits: {}, weight_bits: {}", List(block.activation_bits), List(block.weight_bits));
    }
    yaml += "}\n";
  }
  return yaml + HeadToYaml(spec.head);
}

}  // namespace deepmad::mad
