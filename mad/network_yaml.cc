// The YAML form of a NetworkSpec (docs/formats.md).
#include <fmt/format.h>

#include "mad/network_spec.h"

namespace deepmad::mad {
namespace {

constexpr int64_t kAnyCount = 1 << 20;

int GetCount(const base::Config& config, const std::string& key, int fallback) {
  return static_cast<int>(config.GetInt(key, fallback, 1, kAnyCount));
}

BlockSpec BlockFromConfig(const base::Config& config) {
  BlockSpec block;
  block.type = config.GetString("type");
  FindBlockType(block.type, config.Where("type"));
  block.depth = GetCount(config, "depth", 1);
  block.kernel = GetCount(config, "kernel", 3);
  block.stride = GetCount(config, "stride", 1);
  block.out_channels = static_cast<int>(config.GetInt("out_channels", 1, kAnyCount));
  block.bottleneck_channels = static_cast<int>(config.GetInt("bottleneck_channels", 0, 0, kAnyCount));
  if (config.Has("activation")) block.activation = ActivationFromName(config.GetString("activation"), config.Where("activation"));
  return block;
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

}  // namespace

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
  const base::Config head = config.Section("head");
  spec.head.type = head.GetString("type", spec.head.type);
  spec.head.classes = GetCount(head, "classes", spec.head.classes);
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
    yaml += fmt::format("kernel: {}, stride: {}, ", block.kernel, block.stride);
    if (block.bottleneck_channels > 0) yaml += fmt::format("bottleneck_channels: {}, ", block.bottleneck_channels);
    yaml += fmt::format("out_channels: {}", block.out_channels);
    if (block.activation) yaml += fmt::format(", activation: {}", ActivationName(*block.activation));
    yaml += "}\n";
  }
  yaml += fmt::format("head: {{type: {}, classes: {}}}\n", spec.head.type, spec.head.classes);
  return yaml;
}

}  // namespace deepmad::mad
