#include "models/export/onnx_detector.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/upsample_nearest1d.h>
#include <ATen/ops/zeros.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <tuple>

#include "models/heads/fcos.h"
#include "models/heads/gflv2.h"

namespace deepmad::models {
namespace {

const std::string kHead = "bbox_head.";

// [to] int64: which of `from` values each of `to` is the nearest one of, as in the pyramid.
at::Tensor NearestPlaces(int from, int to) {
  const at::Tensor places = at::arange(from, at::kFloat).view({1, 1, from});
  return at::upsample_nearest1d(places, {to}).view({to}).to(at::kLong);
}

class DetectorNodes {
 public:
  explicit DetectorNodes(const OnnxContext& context) : graph_(context.graph) {}

  OnnxMap Conv(const OnnxMap& x, const std::string& path, int kernel = 3, int stride = 1, bool bias = true) const {
    const int pad = kernel / 2;
    std::vector<std::string> inputs = {x.name, graph_.AddWeight(path + ".weight")};
    if (bias) inputs.push_back(graph_.AddWeight(path + ".bias"));
    const std::string name = graph_.AddNode("Conv", path, inputs,
                                            {{"kernel_shape", std::vector<int64_t>{kernel, kernel}},
                                             {"pads", std::vector<int64_t>{pad, pad, pad, pad}},
                                             {"strides", std::vector<int64_t>{stride, stride}}});
    const auto side = [&](int length) { return (length + 2 * pad - kernel) / stride + 1; };
    return {name, static_cast<int>(graph_.State(path + ".weight").size(0)), {x.size.t, side(x.size.h), side(x.size.w)}};
  }

  OnnxMap Relu(const OnnxMap& x) const { return Same("Relu", x); }
  OnnxMap Exp(const OnnxMap& x) const { return Same("Exp", x); }
  OnnxMap Add(const OnnxMap& x, const OnnxMap& y) const {
    return {graph_.AddNode("Add", x.name + ".add", {x.name, y.name}), x.channels, x.size};
  }

  OnnxMap Times(const OnnxMap& x, const std::string& weight) const {
    return {graph_.AddNode("Mul", x.name + ".scaled", {x.name, weight}), x.channels, x.size};
  }
  OnnxMap Times(const OnnxMap& x, double factor) const {
    return Times(x, graph_.AddWeight(fmt::format("factor.{}", factor), at::scalar_tensor(factor)));
  }

  // Exact for any sizes and any number of images, which the operator for resizing is not.
  OnnxMap ResizeNearest(const OnnxMap& x, const mad::Extent& size) const {
    if (x.size == size) return x;
    const auto places = [&](int from, int to) {
      return graph_.AddWeight(fmt::format("nearest.{}_to_{}", from, to), NearestPlaces(from, to));
    };
    const std::string rows = graph_.AddNode("Gather", x.name + ".rows", {x.name, places(x.size.h, size.h)}, {{"axis", int64_t{2}}});
    return {graph_.AddNode("Gather", x.name + ".columns", {rows, places(x.size.w, size.w)}, {{"axis", int64_t{3}}}), x.channels, size};
  }

  OnnxMap Tower(OnnxMap x, const std::string& path, bool bias) const {
    for (int i = 0; i < models::Tower::kConvolutions; ++i) {
      const std::string place = fmt::format("{}.{}.", path, i);
      x = Relu(GroupNorm(Conv(x, place + "conv", 3, 1, bias), place + "gn"));
    }
    return x;
  }

  // The quality logit and the distances in strides.
  std::pair<OnnxMap, OnnxMap> OfDistributions(const OnnxMap& sides) const {
    constexpr int kBins = GflHead::kBins;
    const int64_t cells = static_cast<int64_t>(sides.size.h) * sides.size.w;
    const std::string p =
        graph_.AddNode("Softmax", kHead + "distribution", {Shaped(sides.name, {0, 4, kBins, cells})}, {{"axis", int64_t{2}}});
    const std::string count = graph_.AddWeight("largest", at::tensor({int64_t{GflHead::kLargest}}, at::kLong));
    const std::string largest = graph_.AddPairNode("TopK", kHead + "largest", {p, count}, {{"axis", int64_t{2}}}).first;
    const std::string mean =
        graph_.AddNode("ReduceMean", kHead + "mean", {largest}, {{"axes", std::vector<int64_t>{2}}, {"keepdims", int64_t{1}}});
    const std::string shape = graph_.AddNode("Concat", kHead + "shape", {largest, mean}, {{"axis", int64_t{2}}});
    const int features = 4 * (GflHead::kLargest + 1);
    const OnnxMap seen{Shaped(shape, {0, features, sides.size.h, sides.size.w}), features, sides.size};
    const OnnxMap quality = Conv(Relu(Conv(seen, kHead + "reg_conf.0", 1)), kHead + "reg_conf.2", 1);

    const std::string strides = graph_.AddWeight("bins", at::arange(kBins, at::kFloat).view({1, 1, kBins, 1}));
    const std::string weighted = graph_.AddNode("Mul", kHead + "weighted", {p, strides});
    const std::string axis = graph_.AddWeight("bin_axis", at::tensor({int64_t{2}}, at::kLong));
    const std::string sum = graph_.AddNode("ReduceSum", kHead + "expected", {weighted, axis}, {{"keepdims", int64_t{0}}});
    return {quality, {Shaped(sum, {0, 4, sides.size.h, sides.size.w}), 4, sides.size}};
  }

 private:
  OnnxMap Same(const std::string& op, const OnnxMap& x) const {
    return {graph_.AddNode(op, x.name + "." + op, {x.name}), x.channels, x.size};
  }

  // 0 keeps a dimension, -1 takes what is left.
  std::string Shaped(const std::string& x, const std::vector<int64_t>& shape) const {
    const std::string name = fmt::format("shape.{}", fmt::join(shape, "_"));
    return graph_.AddNode("Reshape", x + ".shaped", {x, graph_.AddWeight(name, at::tensor(shape, at::kLong))});
  }

  // Opset 17 has no group norm: each group is an instance.
  OnnxMap GroupNorm(const OnnxMap& x, const std::string& path) const {
    constexpr int kGroups = models::Tower::kGroups;
    const std::string groups = Shaped(x.name, {0, kGroups, -1});
    const std::string one = graph_.AddWeight("group_scale", at::ones({kGroups})),
                      zero = graph_.AddWeight("group_offset", at::zeros({kGroups}));
    const std::string norm = graph_.AddNode("InstanceNormalization", path + ".groups", {groups, one, zero},
                                            {{"epsilon", static_cast<float>(models::Tower::kEps)}});
    const auto of_channels = [&](const char* name) {
      return graph_.AddWeight(path + name, graph_.State(path + name).view({x.channels, 1, 1}));
    };
    const std::string back = Shaped(norm, {0, x.channels, x.size.h, x.size.w});
    const std::string scaled = graph_.AddNode("Mul", path + ".scaled", {back, of_channels(".weight")});
    return {graph_.AddNode("Add", path, {scaled, of_channels(".bias")}), x.channels, x.size};
  }

  OnnxGraph& graph_;
};

std::vector<OnnxMap> AddPyramid(const DetectorNodes& nodes, const std::vector<OnnxMap>& maps, bool relu_before_last) {
  const std::string& neck = FeaturePyramid::kPrefix;
  const auto output = [&](const OnnxMap& x, size_t i, int stride) {
    return nodes.Conv(x, fmt::format("{}fpn_convs.{}.conv", neck, i), 3, stride);
  };
  std::vector<OnnxMap> sums(maps.size());
  for (size_t i = maps.size(); i-- > 0;) {
    sums[i] = nodes.Conv(maps[i], fmt::format("{}lateral_convs.{}.conv", neck, i), 1);
    if (i + 1 < maps.size()) sums[i] = nodes.Add(sums[i], nodes.ResizeNearest(sums[i + 1], sums[i].size));
  }
  std::vector<OnnxMap> levels;
  for (size_t i = 0; i < sums.size(); ++i) levels.push_back(output(sums[i], i, 1));
  levels.push_back(output(levels.back(), 3, 2));
  levels.push_back(output(relu_before_last ? nodes.Relu(levels.back()) : levels.back(), 4, 2));
  return levels;
}

}  // namespace

std::vector<OnnxDetectionLevel> AddDetector(const OnnxContext& context, const DetectionHead& head, const std::vector<OnnxMap>& maps) {
  const DetectorNodes nodes(context);
  const auto* fcos = dynamic_cast<const FcosHead*>(&head);
  const bool plain = fcos != nullptr && fcos->plain(), tower_bias = fcos != nullptr && !plain;
  std::vector<OnnxDetectionLevel> levels;
  for (const OnnxMap& x : AddPyramid(nodes, maps, fcos != nullptr)) {
    const int stride = FeaturePyramid::kStrides[levels.size()];
    const OnnxMap of_class = nodes.Tower(x, kHead + "cls_convs", tower_bias), of_sides = nodes.Tower(x, kHead + "reg_convs", tower_bias);
    const OnnxMap raw = nodes.Conv(of_sides, kHead + (fcos != nullptr ? "conv_reg" : "gfl_reg"));
    const OnnxMap sides = nodes.Times(raw, context.graph.AddWeight(fmt::format("{}scales.{}.scale", kHead, levels.size())));
    OnnxDetectionLevel level{stride, nodes.Conv(of_class, kHead + (fcos != nullptr ? "conv_cls" : "gfl_cls")), {}, {}};
    if (fcos != nullptr) {
      level.quality = nodes.Conv(plain ? of_class : of_sides, kHead + "conv_centerness");
      level.distances = plain ? nodes.Exp(sides) : nodes.Relu(sides);
    } else {
      std::tie(level.quality, level.distances) = nodes.OfDistributions(sides);
    }
    if (head.unit(stride) != 1) level.distances = nodes.Times(level.distances, head.unit(stride));
    levels.push_back(std::move(level));
  }
  return levels;
}

}  // namespace deepmad::models
