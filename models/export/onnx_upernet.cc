#include "models/export/onnx_upernet.h"

#include <ATen/ops/adaptive_avg_pool1d.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/upsample_linear1d.h>
#include <fmt/format.h>

#include "models/heads/upernet.h"

namespace deepmad::models {
namespace {

const std::string kMain = "decode_head.";

// [from, to]: the identity after what a row of `from` values becomes.
at::Tensor PoolingMatrix(int from, int to) { return at::adaptive_avg_pool1d(at::eye(from).unsqueeze(0), to).squeeze(0); }
at::Tensor ResizingMatrix(int from, int to) {
  return at::upsample_linear1d(at::eye(from).unsqueeze(0), to, /*align_corners=*/false).squeeze(0);
}

class UPerNetNodes {
 public:
  UPerNetNodes(const OnnxContext& context, int channels) : context_(context), channels_(channels) {}

  OnnxMap ConvNormRelu(const OnnxMap& x, const std::string& path, int kernel) const {
    const double in = x.channels, out = channels_;
    const std::vector<mad::Layer<double>> layers = {mad::Conv("conv", in, out, mad::Square(kernel), mad::Square(1)),
                                                    mad::BatchNorm("bn", out), mad::Activation(mad::ActivationKind::kRelu, out)};
    mad::Extent size = x.size;
    return {AddLayers(context_, mad::FusedSequence(layers, context_.fusion, size), kMain + path + ".", x.name), channels_, x.size};
  }

  OnnxMap Pool(const OnnxMap& x, const mad::Extent& size) const { return Separable(x, size, "pool", PoolingMatrix); }
  OnnxMap Resize(const OnnxMap& x, const mad::Extent& size) const {
    return x.size == size ? x : Separable(x, size, "resize", ResizingMatrix);
  }

  OnnxMap Add(const OnnxMap& x, const OnnxMap& y) const {
    return {context_.graph.AddNode("Add", kMain + "add", {x.name, y.name}), x.channels, x.size};
  }

  OnnxMap Concatenate(const std::vector<OnnxMap>& maps) const {
    std::vector<std::string> names;
    int channels = 0;
    for (const OnnxMap& map : maps) {
      names.push_back(map.name);
      channels += map.channels;
    }
    return {context_.graph.AddNode("Concat", kMain + "concat", names, {{"axis", int64_t{1}}}), channels, maps.front().size};
  }

  OnnxMap Classify(const OnnxMap& x, int classes) const {
    const std::string name = kMain + "conv_seg";
    const std::vector<std::string> inputs = {x.name, context_.graph.AddWeight(name + ".weight"), context_.graph.AddWeight(name + ".bias")};
    return {context_.graph.AddNode("Conv", name, inputs, {{"kernel_shape", std::vector<int64_t>{1, 1}}}), classes, x.size};
  }

 private:
  // rows^T x columns
  OnnxMap Separable(const OnnxMap& x, const mad::Extent& size, const char* what, at::Tensor (*matrix)(int from, int to)) const {
    OnnxGraph& graph = context_.graph;
    const auto name = [&](const char* side, int from, int to) { return fmt::format("{}_{}.{}_to_{}", what, side, from, to); };
    const std::string rows = graph.AddWeight(name("rows", x.size.h, size.h), matrix(x.size.h, size.h).t());
    const std::string columns = graph.AddWeight(name("columns", x.size.w, size.w), matrix(x.size.w, size.w));
    const std::string wide = graph.AddNode("MatMul", fmt::format("{}{}_columns", kMain, what), {x.name, columns});
    return {graph.AddNode("MatMul", fmt::format("{}{}_rows", kMain, what), {rows, wide}), x.channels, size};
  }

  const OnnxContext& context_;
  int channels_;
};

}  // namespace

std::string AddUPerNet(const OnnxContext& context, const mad::HeadSpec& head, const std::vector<OnnxMap>& maps, const mad::Extent& size) {
  const UPerNetNodes nodes(context, head.channels);
  const OnnxMap& last = maps.back();
  std::vector<OnnxMap> pooled = {last};
  for (size_t i = 0; i < UPerNet::kPoolSizes.size(); ++i) {
    const OnnxMap small = nodes.Pool(last, mad::Square(static_cast<int>(UPerNet::kPoolSizes[i])));
    pooled.push_back(nodes.Resize(nodes.ConvNormRelu(small, fmt::format("psp_modules.{}.1", i), 1), last.size));
  }
  std::vector<OnnxMap> levels(maps.size());
  levels.back() = nodes.ConvNormRelu(nodes.Concatenate(pooled), "bottleneck", 3);
  for (size_t i = maps.size() - 1; i-- > 0;) {
    const OnnxMap lateral = nodes.ConvNormRelu(maps[i], fmt::format("lateral_convs.{}", i), 1);
    levels[i] = nodes.Add(lateral, nodes.Resize(levels[i + 1], lateral.size));
  }
  std::vector<OnnxMap> pyramid;
  for (size_t i = 0; i < levels.size(); ++i) {
    const OnnxMap output = i + 1 < levels.size() ? nodes.ConvNormRelu(levels[i], fmt::format("fpn_convs.{}", i), 3) : levels[i];
    pyramid.push_back(nodes.Resize(output, maps.front().size));
  }
  const OnnxMap fused = nodes.ConvNormRelu(nodes.Concatenate(pyramid), "fpn_bottleneck", 3);
  return nodes.Resize(nodes.Classify(fused, head.classes), size).name;
}

}  // namespace deepmad::models
