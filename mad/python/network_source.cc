#include "mad/python/network_source.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "mad/python/head_source.h"
#include "mad/python/layer_source.h"
#include "mad/python/unit_source.h"

namespace deepmad::mad {
namespace {

// The path of a unit's module: its prefix without the last dot.
std::string UnitPath(const PlacedBlock& block, int unit) {
  std::string path = UnitPrefix(block, unit);
  if (!path.empty()) path.pop_back();
  return path;
}

// Paths of successive units that differ in one number alone: "features." 3 ".conv".
struct Numbered {
  std::string before, after;
  int first = 0;
};

std::optional<Numbered> AsNumbered(const std::vector<std::string>& paths) {
  const std::string& a = paths.front();
  const std::string& b = paths.back();
  size_t same = 0;
  while (same < std::min(a.size(), b.size()) && a[same] == b[same]) ++same;
  const size_t begin = a.rfind('.', same == 0 ? 0 : same - 1) == std::string::npos ? 0 : a.rfind('.', same - 1) + 1;
  const size_t end = std::min(a.find('.', begin), a.size());
  Numbered result{a.substr(0, begin), a.substr(end), 0};
  const std::string number = a.substr(begin, end - begin);
  if (number.empty() || number.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
  result.first = std::stoi(number);
  for (size_t i = 0; i < paths.size(); ++i) {
    if (paths[i] != fmt::format("{}{}{}", result.before, result.first + static_cast<int>(i), result.after)) return std::nullopt;
  }
  return result;
}

class NetworkWriter {
 public:
  NetworkWriter(const NetworkSpec& spec, const PythonOptions& options) : spec_(spec), options_(options), units_(spec.SpatialDims()) {}

  std::string Write() {
    for (const PlacedBlock& block : PlaceBlocks(spec_)) {
      if (stages_.empty() || block.stage != stage_) stages_.emplace_back();
      stage_ = block.stage;
      AddBlock(block);
    }
    PythonHead head;
    if (spec_.head.IsClassifier()) {
      AddClassifier();
    } else if (spec_.head.IsDense()) {
      head = PythonDenseHead(spec_);
    } else {
      methods_.emplace_back("    def forward(self, images):\n        return self.head_features(images)\n");
    }
    init_.insert(init_.end(), head.init.begin(), head.init.end());
    methods_.insert(methods_.end(), head.methods.begin(), head.methods.end());

    const std::string network = NetworkClass(), classes = units_.Classes();
    const std::string layers =
        PythonLayers(classes + head.pieces + network, spec_.SpatialDims(), options_.batch_norm_eps, options_.batch_norm_momentum);
    return Head() + layers + classes + head.pieces + network + Main();
  }

 private:
  void AddBlock(const PlacedBlock& block) {
    const std::vector<Unit<double>> units = BlockUnits(block);
    std::vector<std::string> paths, makers;
    for (size_t i = 0; i < units.size(); ++i) {
      const int index = static_cast<int>(i);
      paths.push_back(UnitPath(block, index));
      if (paths.back().empty()) {
        const PythonBody body = units_.Inline(block, index, units[i], tree_);
        init_.insert(init_.end(), body.init.begin(), body.init.end());
        stages_.back().insert(stages_.back().end(), body.forward.begin(), body.forward.end());
        return;
      }
      makers.push_back(units_.Make(block, index, units[i]));
    }
    AttachUnits(paths, makers);
    CallUnits(paths);
  }

  // Units of one kind in a loop.
  void AttachUnits(const std::vector<std::string>& paths, const std::vector<std::string>& makers) {
    std::vector<std::string> statements;
    for (size_t i = 0; i < paths.size(); ++i) statements.push_back(tree_.Attach(paths[i], makers[i]));
    for (size_t begin = 0; begin < paths.size();) {
      size_t end = begin + 1;
      while (end < paths.size() && makers[end] == makers[begin]) ++end;
      const auto numbered =
          AsNumbered({paths.begin() + static_cast<std::ptrdiff_t>(begin), paths.begin() + static_cast<std::ptrdiff_t>(end)});
      if (end - begin > 2 && numbered) {
        init_.push_back(fmt::format("for i in range({}, {}):", numbered->first, numbered->first + static_cast<int>(end - begin)));
        init_.push_back(fmt::format("    attach(self, f\"{}{{i}}{}\", {})", numbered->before, numbered->after, makers[begin]));
      } else {
        init_.insert(init_.end(), statements.begin() + static_cast<std::ptrdiff_t>(begin),
                     statements.begin() + static_cast<std::ptrdiff_t>(end));
      }
      begin = end;
    }
  }

  void CallUnits(const std::vector<std::string>& paths) {
    std::vector<std::string>& stage = stages_.back();
    const auto numbered = paths.size() > 2 ? AsNumbered(paths) : std::nullopt;
    if (!numbered || numbered->before.empty() || !numbered->after.empty() || UnitsBelow(numbered->before) != paths.size()) {
      for (const std::string& path : paths) stage.push_back(fmt::format("x = {}(x)", tree_.Access(path)));
      return;
    }
    stage.push_back(fmt::format("for unit in {}:", tree_.Access(numbered->before.substr(0, numbered->before.size() - 1))));
    stage.emplace_back("    x = unit(x)");
  }

  // Of the whole network. A list is only walked as a whole: TorchScript cannot call the elements of a part of one.
  size_t UnitsBelow(const std::string& prefix) const {
    size_t count = 0;
    for (const PlacedBlock& block : PlaceBlocks(spec_)) {
      for (int unit = 0; unit < block.spec->depth; ++unit) count += UnitPath(block, unit).starts_with(prefix) ? 1 : 0;
    }
    return count;
  }

  void AddClassifier() {
    const int channels = spec_.blocks.back().out_channels;
    const std::string module = spec_.head.bits > 0
                                   ? fmt::format("QuantisedLinear({}, {}, bits={})", channels, spec_.head.classes, spec_.head.bits)
                                   : fmt::format("nn.Linear({}, {})", channels, spec_.head.classes);
    init_.push_back(tree_.Attach(spec_.head.name, module));
    std::string text = "    def forward(self, images):\n        x = images\n";
    for (size_t i = 0; i < stages_.size(); ++i) text += fmt::format("        x = self.stage{}(x)\n", i + 1);
    methods_.push_back(text + fmt::format("        return {}(x.flatten(2).mean(2))\n", tree_.Access(spec_.head.name)));
  }

  std::string NetworkClass() const {
    const std::vector<FeatureLevel> levels = FeatureLevels(spec_);
    std::vector<int> channels, strides, head_levels;
    for (const FeatureLevel& level : levels) {
      channels.push_back(level.channels);
      strides.push_back(level.stride);
    }
    for (const FeatureLevel& level : HeadLevels(spec_)) {
      const auto same = std::find_if(levels.begin(), levels.end(), [&](const FeatureLevel& one) { return one.block == level.block; });
      head_levels.push_back(static_cast<int>(same - levels.begin()));
    }
    std::string text = fmt::format(R"(

class Network(nn.Module):
    """images: [N, {}]. forward_features gives the maps that `out_indices` names, by default all."""

    feature_channels = ({},)
    feature_strides = ({},)

    def __init__(self, out_indices: Optional[List[int]] = None):
        super().__init__()
        self.out_indices: List[int] = list(range({})) if out_indices is None else list(out_indices)
)",
                                   InputDims(), fmt::join(channels, ", "), fmt::join(strides, ", "), levels.size());
    for (const std::string& line : init_) text += "        " + line + "\n";
    for (size_t i = 0; i < stages_.size(); ++i) {
      text += fmt::format("\n    def stage{}(self, x):\n", i + 1);
      for (const std::string& line : stages_[i]) text += "        " + line + "\n";
      text += "        return x\n";
    }
    text +=
        "\n    def select_features(self, images, indices: List[int]) -> List[Tensor]:\n        maps: List[Tensor] = []\n        x = "
        "images\n";
    for (size_t i = 0; i < stages_.size(); ++i) {
      text += fmt::format("        x = self.stage{}(x)\n        if {} in indices:\n            maps.append(x)\n", i + 1, i);
    }
    text +=
        "        return maps\n\n    def forward_features(self, images) -> List[Tensor]:\n        return self.select_features(images, "
        "self.out_indices)\n";
    if (!spec_.head.IsClassifier()) {
      text += fmt::format("\n    def head_features(self, images) -> List[Tensor]:\n        return self.select_features(images, [{}])\n",
                          fmt::join(head_levels, ", "));
    }
    for (const std::string& method : methods_) text += "\n" + method;
    return text;
  }

  // "3, 224, 224".
  std::string InputDims() const {
    const InputSpec& input = spec_.input;
    if (spec_.SpatialDims() == 3) return fmt::format("{}, {}, {}, {}", input.channels, input.frames, input.height, input.width);
    return fmt::format("{}, {}, {}", input.channels, input.height, input.width);
  }

  std::string Head() const {
    std::string text = fmt::format("\"\"\"{}: a network as plain PyTorch, written by {}.\n\n", spec_.name, options_.written_by);
    text +=
        fmt::format("{:<20} {:>5} {:>6} {:>6} {:>6} {:>6} {:>6}  {}\n", "block", "units", "in", "mid", "out", "kernel", "stride", "map");
    for (const PlacedBlock& block : PlaceBlocks(spec_)) {
      const BlockSpec& spec = *block.spec;
      const std::string map = spec_.SpatialDims() == 3 ? fmt::format("{}x{}x{}", block.out_size.t, block.out_size.h, block.out_size.w)
                                                       : fmt::format("{}x{}", block.out_size.h, block.out_size.w);
      text += fmt::format("{:<20} {:>5} {:>6} {:>6} {:>6} {:>6} {:>6}  {}\n", spec.type, spec.depth, block.in_channels,
                          spec.bottleneck_channels > 0 ? std::to_string(spec.bottleneck_channels) : "-", spec.out_channels,
                          KernelText(spec), spec.stride, map);
    }
    text += R"(
    network = Network()
    network.load_state_dict(safetensors.torch.load_file("FILE.safetensors"), strict=True)
"""

from typing import List, Optional, Tuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F
)";
    return text;
  }

  std::string Main() const {
    return fmt::format(R"(

if __name__ == "__main__":
    network = Network().eval()
    with torch.no_grad():
        maps = network.forward_features(torch.zeros(1, {}))
    print(sum(parameter.numel() for parameter in network.parameters()), "parameters; maps", [tuple(map.shape) for map in maps])
)",
                       InputDims());
  }

  const NetworkSpec& spec_;
  const PythonOptions& options_;
  PythonUnits units_;
  PythonTree tree_;
  int stage_ = 0;
  std::vector<std::string> init_, methods_;
  std::vector<std::vector<std::string>> stages_;
};

}  // namespace

std::string PythonNetwork(const NetworkSpec& spec, const PythonOptions& options) { return NetworkWriter(spec, options).Write(); }

}  // namespace deepmad::mad
