#include "mad/network/tinynas_structure.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/nearest.h"
#include "mad/network/python_literal.h"

namespace deepmad::mad {
namespace {

struct ReleasedClass {
  const char* name;
  const char* type;
  bool quantised = false;
};
// The first of a type is the one that is written. "SuperResConv..." is DAMO-YOLO's spelling.
constexpr ReleasedClass kClasses[] = {
    {"ConvKXBNRELU", "conv"},
    {"Conv3DKXBNRELU", "conv3d"},
    {"SuperResK1KXK1", "bottleneck"},
    {"SuperResK1KX", "k1kx"},
    {"SuperResKXKX", "basic"},
    {"SuperResK1DWK1", "dw_bottleneck"},
    {"SuperResK1DWSEK1", "dw_se_bottleneck"},
    {"SuperRes3DK1DWK1", "dw_bottleneck3d"},
    {"SuperQuantResK1DWK1", "dw_bottleneck", true},
    {"SuperQuantResK1KXK1", "bottleneck", true},
    {"SuperResConvK1KXK1", "bottleneck"},
    {"SuperResConvK1KX", "k1kx"},
    {"SuperResConvKXKX", "basic"},
};
// inner_class repeats the class; it is read and left.
const std::vector<std::string> kKeys = {"class", "in", "out", "k", "s", "L", "btn", "kt", "nbitsA", "nbitsW", "inner_class"};

class Reader {
 public:
  Reader(const std::string& where, const ReleasedTextOptions& options) : where_(where), options_(options) {}

  NetworkSpec Read(const PythonLiteral& document) {
    const PythonLiteral& blocks = Blocks(document);
    quantised_ = std::any_of(blocks.items.begin(), blocks.items.end(), [&](const auto& block) { return ClassOf(block).quantised; });
    NetworkSpec spec;
    spec.name = options_.name;
    spec.head = options_.head;
    if (quantised_ && spec.head.IsClassifier()) spec.head.bits = 8;
    for (const PythonLiteral& block : blocks.items) spec.blocks.push_back(Block(block, spec));
    Validate(spec, where_);
    return spec;
  }

 private:
  [[noreturn]] void Fail(const PythonLiteral& at, const std::string& what, const std::string& hint) const {
    throw base::UsageError(what, Position(at), hint);
  }
  std::string Position(const PythonLiteral& at) const { return fmt::format("{}:{}:{}", where_, at.line, at.column); }

  const PythonLiteral& Blocks(const PythonLiteral& document) const {
    const PythonLiteral* blocks = &document;
    if (document.kind == PythonLiteral::Kind::kDict) {
      const PythonLiteral* structures = document.Find("best_structures");
      if (structures == nullptr) Fail(document, "no 'best_structures'", "give that key, or a list of blocks");
      if (structures->kind != PythonLiteral::Kind::kList || options_.index >= structures->items.size()) {
        Fail(*structures, fmt::format("no structure {} in 'best_structures'", options_.index), "count from 0");
      }
      blocks = &structures->items[options_.index];
    }
    if (blocks->kind != PythonLiteral::Kind::kList || blocks->items.empty()) Fail(*blocks, "no list of blocks", "give dictionaries in [ ]");
    return *blocks;
  }

  const ReleasedClass& ClassOf(const PythonLiteral& block) const {
    if (block.kind != PythonLiteral::Kind::kDict) Fail(block, "a block that is no dictionary", "give {'class': ..., ...}");
    const PythonLiteral* name = block.Find("class");
    if (name == nullptr || name->kind != PythonLiteral::Kind::kString) Fail(block, "a block without a 'class'", "name its released class");
    std::vector<std::string> names;
    for (const ReleasedClass& known : kClasses) {
      if (name->text == known.name) return known;
      names.push_back(known.name);
    }
    throw base::UnknownName("block class", name->text, names, Position(*name));
  }

  int Integer(const PythonLiteral& value, const std::string& key) const {
    constexpr int64_t kLargest = 1 << 20;
    if (value.kind != PythonLiteral::Kind::kInt || value.integer < 1 || value.integer > kLargest) {
      Fail(value, fmt::format("'{}' is no count", key), fmt::format("give 1 to {}", kLargest));
    }
    return static_cast<int>(value.integer);
  }
  int Integer(const PythonLiteral& block, const std::string& key, std::optional<int> fallback) const {
    const PythonLiteral* value = block.Find(key);
    if (value != nullptr) return Integer(*value, key);
    if (!fallback) Fail(block, fmt::format("a block without '{}'", key), "give it");
    return *fallback;
  }

  // One for all where the list has one value only.
  std::vector<int> BitWidths(const PythonLiteral& block, const std::string& key) const {
    const PythonLiteral* value = block.Find(key);
    if (value == nullptr || !quantised_) return {};
    if (value->kind != PythonLiteral::Kind::kList) return {Integer(*value, key)};
    std::vector<int> widths;
    for (const PythonLiteral& width : value->items) widths.push_back(Integer(width, key));
    const bool equal = !widths.empty() && std::all_of(widths.begin(), widths.end(), [&](int width) { return width == widths.front(); });
    return equal ? std::vector<int>{widths.front()} : widths;
  }

  BlockSpec Block(const PythonLiteral& literal, NetworkSpec& spec) const {
    for (size_t i = 0; i < literal.keys.size(); ++i) {
      const std::string& key = literal.keys[i];
      const PythonLiteral& value = literal.items[i];
      if (std::find(kKeys.begin(), kKeys.end(), key) == kKeys.end()) throw base::UnknownName("key", key, kKeys, Position(value));
    }
    BlockSpec block;
    block.type = ClassOf(literal).type;
    const BlockTraits& traits = FindBlockType(block.type).traits;
    const int in_channels = Integer(literal, "in", std::nullopt);
    if (spec.blocks.empty()) {
      spec.input = options_.input.value_or(InputSpec{.channels = in_channels, .frames = traits.has_time ? 16 : 1});
    } else if (in_channels != spec.blocks.back().out_channels) {
      Fail(literal, fmt::format("'in' {} behind 'out' {}", in_channels, spec.blocks.back().out_channels), "make them equal");
    }
    block.out_channels = Integer(literal, "out", std::nullopt);
    block.kernel = Integer(literal, "k", std::nullopt);
    block.kernel_t = Integer(literal, "kt", 1);
    block.stride = Integer(literal, "s", 1);
    block.depth = Integer(literal, "L", 1);
    if (traits.has_bottleneck) block.bottleneck_channels = Integer(literal, "btn", std::nullopt);
    block.activation_bits = BitWidths(literal, "nbitsA");
    block.weight_bits = BitWidths(literal, "nbitsW");
    return block;
  }

  const std::string& where_;
  const ReleasedTextOptions& options_;
  bool quantised_ = false;
};

std::string BitsText(const char* key, const std::vector<int>& bits, const BlockSpec& block) {
  if (!FindBlockType(block.type).traits.repeats) return fmt::format(", '{}': {}", key, bits.front());
  std::vector<int> all = bits;
  if (bits.size() == 1) all.assign(static_cast<size_t>(MainConvolutions(block)), bits.front());
  return fmt::format(", '{}': [{}]", key, fmt::join(all, ", "));
}

}  // namespace

NetworkSpec NetworkFromReleasedText(const std::string& text, const std::string& where, const ReleasedTextOptions& options) {
  return Reader(where, options).Read(ParsePythonLiteral(text, where));
}

std::string NetworkToReleasedText(const NetworkSpec& network) {
  std::string text;
  int in_channels = network.input.channels;
  for (size_t i = 0; i < network.blocks.size(); ++i) {
    const BlockSpec& block = network.blocks[i];
    const BlockTraits& traits = FindBlockType(block.type).traits;
    const bool quantised = !block.weight_bits.empty();
    const auto same = std::find_if(std::begin(kClasses), std::end(kClasses), [&](const ReleasedClass& known) {
      return block.type == known.type && known.quantised == (quantised && traits.repeats);
    });
    const bool plain = !block.activation && !block.se_ratio && !block.shortcut && !block.layer_scale;
    if (same == std::end(kClasses) || !plain) {
      throw base::UsageError(fmt::format("block {} ({}) has no released form", i, block.type), network.name,
                             "the released text knows few types, and no activation, se_ratio, shortcut or layer_scale");
    }
    text += fmt::format("{}{{'class': '{}', 'in': {}, 'out': {}, 'k': {}", i == 0 ? "[" : " ", same->name, in_channels, block.out_channels,
                        block.kernel);
    if (traits.has_time) text += fmt::format(", 'kt': {}", block.kernel_t);
    text += fmt::format(", 's': {}", block.stride);
    if (traits.repeats) text += fmt::format(", 'L': {}, 'btn': {}", block.depth, block.bottleneck_channels);
    if (quantised) text += BitsText("nbitsA", block.activation_bits, block) + BitsText("nbitsW", block.weight_bits, block);
    text += i + 1 < network.blocks.size() ? "},\n" : "}]\n";
    in_channels = block.out_channels;
  }
  return text;
}

}  // namespace deepmad::mad
