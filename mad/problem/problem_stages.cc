#include "mad/problem/problem_stages.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <tuple>

namespace deepmad::mad {
namespace {

constexpr int kMaxChannels = 65536;
constexpr int kMaxDepth = 1000;
constexpr int kMaxKernel = 31;

Range GetRange(const base::Config& config, const std::string& key, const std::vector<int64_t>& fallback, int64_t high) {
  const std::vector<int64_t> values = config.GetInts(key, fallback, 1, high);
  if (values.empty() || values.size() > 2 || values.front() > values.back()) {
    throw base::UsageError(fmt::format("{} is no range", config.Path(key)), config.Where(key), "give [low, high], or one number to fix it");
  }
  return {static_cast<int>(values.front()), static_cast<int>(values.back())};
}

// The range narrowed to multiples; a range of one number stays as it is.
Range GetChannels(const base::Config& config, const std::string& key, const std::vector<int64_t>& fallback, int multiple) {
  const Range range = GetRange(config, key, fallback, kMaxChannels);
  if (range.low == range.high) return range;
  const Range narrowed{(range.low + multiple - 1) / multiple * multiple, range.high / multiple * multiple};
  if (narrowed.low > narrowed.high) {
    throw base::UsageError(fmt::format("{} [{}, {}] holds no multiple of {}", config.Path(key), range.low, range.high, multiple),
                           config.Where(key), "widen the range or lower channel_multiple");
  }
  return narrowed;
}

// "5" or, in 3-D, "3x5": frames, then height and width.
KernelChoice KernelFromText(const std::string& text, bool has_time, const std::string& where) {
  KernelChoice kernel;
  const size_t cross = text.find('x');
  const auto parse = [&](const std::string& part) {
    int value = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value);
    const bool whole = error == std::errc{} && end == part.data() + part.size() && !part.empty();
    if (!whole || value < 1 || value > kMaxKernel || value % 2 == 0) {
      throw base::UsageError(fmt::format("kernel {}", text), where, fmt::format("kernels are odd, 1 to {}", kMaxKernel));
    }
    return value;
  };
  if (cross != std::string::npos) {
    if (!has_time) throw base::UsageError(fmt::format("kernel {}", text), where, "only 3-D types have kernels of several frames");
    kernel.time = parse(text.substr(0, cross));
  }
  kernel.side = parse(cross == std::string::npos ? text : text.substr(cross + 1));
  return kernel;
}

// The bit widths that a block may choose from: none, or every pair of the two lists.
std::vector<Bits> GetBits(const base::Config& config, size_t most) {
  const std::vector<int64_t> activation = config.GetInts("activation_bits", {}, 2, 8);
  const std::vector<int64_t> weight = config.GetInts("weight_bits", {}, 2, 8);
  if (activation.empty() != weight.empty()) {
    throw base::UsageError("activation_bits without weight_bits", config.Where(), "give both or neither");
  }
  if (activation.size() > most || weight.size() > most) {
    throw base::UsageError("several bit widths", config.Where("activation_bits"), "stem and tail have one each");
  }
  std::vector<Bits> bits;
  for (const int64_t a : activation) {
    for (const int64_t w : weight) bits.push_back({static_cast<int>(a), static_cast<int>(w)});
  }
  if (bits.empty()) bits.emplace_back();
  return bits;
}

std::vector<KernelChoice> GetKernels(const base::Config& config, bool has_time) {
  std::vector<KernelChoice> kernels;
  for (const std::string& text : config.GetStrings("kernel", {"3", "5"})) {
    for (const Bits& bits : GetBits(config, 8)) {
      KernelChoice kernel = KernelFromText(text, has_time, config.Where("kernel"));
      kernel.bits = bits;
      kernels.push_back(kernel);
    }
  }
  const auto order = [](const KernelChoice& kernel) {
    return std::tuple(kernel.Volume(), kernel.side, kernel.bits.activation * kernel.bits.weight, kernel.bits.activation);
  };
  std::sort(kernels.begin(), kernels.end(), [&](const auto& a, const auto& b) { return order(a) < order(b); });
  kernels.erase(std::unique(kernels.begin(), kernels.end()), kernels.end());
  if (kernels.empty()) throw base::UsageError("no kernel to choose from", config.Where("kernel"), "list at least one odd number");
  return kernels;
}

}  // namespace

BlockVariables StemFromConfig(const base::Config& config, int channel_multiple) {
  BlockVariables stem;
  stem.is_stage = false;
  stem.type = config.GetString("type", "conv");
  const BlockTraits& traits = FindBlockType(stem.type, config.Where("type")).traits;
  if (traits.repeats || traits.keeps_channels) {
    throw base::UsageError(fmt::format("a stem of type '{}'", stem.type), config.Where("type"), "the stem is a conv block");
  }
  stem.out_channels = GetChannels(config, "out_channels", {8, 32}, channel_multiple);
  stem.kernels = {KernelFromText(config.GetString("kernel", "3"), traits.has_time, config.Where("kernel"))};
  stem.kernels[0].bits = GetBits(config, 1).front();
  stem.stride = static_cast<int>(config.GetInt("stride", 2, 1, 2));
  return stem;
}

BlockVariables StageFromConfig(const base::Config& config, int channel_multiple) {
  BlockVariables stage;
  stage.type = config.GetString("type");
  const BlockTraits& traits = FindBlockType(stage.type, config.Where("type")).traits;
  if (!traits.repeats) {
    throw base::UsageError(fmt::format("a stage of type '{}'", stage.type), config.Where("type"),
                           "stages are residual blocks; stem and tail are conv blocks");
  }
  stage.stride = static_cast<int>(config.GetInt("stride", 1, 1, 2));
  stage.kernels = GetKernels(config, traits.has_time);
  stage.depth = GetRange(config, "depth", {1, 100}, kMaxDepth);
  stage.out_channels = GetChannels(config, "out_channels", {8, 2048}, channel_multiple);
  if (traits.has_bottleneck) stage.bottleneck_channels = GetChannels(config, "bottleneck_channels", {8, 2048}, channel_multiple);
  if (config.Has("activation")) stage.activation = ActivationFromName(config.GetString("activation"), config.Where("activation"));
  if (traits.se_ratio > 0) stage.se_ratio = config.GetOptionalDouble("se_ratio", 1e-6, 4);
  if (traits.shortcut && config.Has("shortcut")) {
    stage.shortcut = ShortcutRuleFromName(config.GetString("shortcut"), config.Where("shortcut"));
  }
  if (traits.layer_scale && config.Has("layer_scale")) stage.layer_scale = config.GetBool("layer_scale", false);
  return stage;
}

BlockVariables TailFromConfig(const base::Config& config) {
  BlockVariables tail;
  tail.is_stage = false;
  tail.type = config.GetString("type", "conv");
  const BlockTraits& traits = FindBlockType(tail.type, config.Where("type")).traits;
  if (traits.repeats || traits.keeps_channels) {
    throw base::UsageError(fmt::format("a tail of type '{}'", tail.type), config.Where("type"), "the tail is a conv block");
  }
  tail.kernels = {KernelFromText(config.GetString("kernel", "1"), traits.has_time, config.Where("kernel"))};
  tail.stride = static_cast<int>(config.GetInt("stride", 1, 1, 2));
  const int channels = static_cast<int>(config.GetInt("out_channels", 1, kMaxChannels));
  tail.out_channels = {channels, channels};
  if (config.Has("activation")) tail.activation = ActivationFromName(config.GetString("activation"), config.Where("activation"));
  tail.kernels[0].bits = GetBits(config, 1).front();
  return tail;
}

}  // namespace deepmad::mad
