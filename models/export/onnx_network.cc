#include "models/export/onnx_network.h"

#include <fmt/format.h>

#include "base/error.h"
#include "mad/network/network_spec.h"
#include "models/export/onnx_detector.h"
#include "models/export/onnx_graph.h"
#include "models/export/onnx_layers.h"
#include "models/export/onnx_quantiser.h"
#include "models/export/onnx_upernet.h"
#include "models/layers/spatial.h"

namespace deepmad::models {
namespace {

std::string AddUnit(const OnnxContext& context, const mad::Unit<double>& unit, const std::string& prefix, std::string x,
                    mad::Extent& size) {
  for (const mad::FusedBranch<double>& branch : mad::FusedPlan(unit, context.fusion, size)) {
    std::string y = AddLayers(context, branch.main, prefix, x);
    if (branch.sum) {
      y = context.graph.AddNode("Add", prefix + branch.sum->name, {y, AddLayers(context, branch.shortcut, prefix, x)});
    }
    x = AddLayers(context, branch.post, prefix, y);
  }
  return x;
}

std::string AddClassifier(OnnxGraph& graph, const mad::HeadSpec& head, const std::string& map) {
  const std::string mean = graph.AddNode("GlobalAveragePool", head.name + ".mean", {map});
  std::string x = graph.AddNode("Flatten", head.name + ".flatten", {mean}, {{"axis", int64_t{1}}});
  std::string weight;
  if (head.bits > 0) {
    x = AddQuantisedInput(graph, head.name, head.bits, x);
    weight = AddQuantisedWeight(graph, head.name, head.bits);
  } else {
    weight = graph.AddWeight(head.name + ".weight");
  }
  return graph.AddNode("Gemm", head.name, {x, weight, graph.AddWeight(head.name + ".bias")}, {{"transB", int64_t{1}}});
}

// The map of each of the head's levels, of the last results of the blocks.
std::vector<OnnxMap> LevelMaps(const mad::NetworkSpec& spec, const std::vector<mad::PlacedBlock>& blocks,
                               const std::vector<std::string>& maps) {
  std::vector<OnnxMap> levels;
  for (const mad::FeatureLevel& level : mad::HeadLevels(spec)) {
    const auto block = static_cast<size_t>(level.block);
    levels.push_back({maps[block], level.channels, blocks[block].out_size});
  }
  return levels;
}

std::vector<int64_t> MapDims(int channels, const mad::Extent& size, int spatial_dims) {
  std::vector<int64_t> dims = {kAnyBatch, channels};
  const SpatialSizes spatial = SizesOf(size, spatial_dims);
  dims.insert(dims.end(), spatial.begin(), spatial.end());
  return dims;
}

}  // namespace

OnnxModel OnnxFromNetwork(Network& network, const OnnxOptions& options) {
  const mad::NetworkSpec& spec = network.spec();
  const int spatial_dims = spec.SpatialDims();
  const auto* detector = dynamic_cast<const DetectionHead*>(network.head());
  if (options.detections && detector == nullptr) {
    throw base::UsageError(fmt::format("network '{}' has no head that finds objects", spec.name), "", "leave out --detections");
  }
  OnnxGraph graph(network.StateDict());
  const mad::Extent input{spec.input.frames, spec.input.height, spec.input.width};
  const OnnxContext context{graph, spatial_dims, network.batch_norm_settings().eps,
                            options.fold_norms ? mad::Fusion::kBatchNorms : mad::Fusion::kNone};

  const std::vector<mad::PlacedBlock> blocks = mad::PlaceBlocks(spec);
  std::vector<std::string> maps;  // of the blocks
  std::string x = "images";
  for (const mad::PlacedBlock& block : blocks) {
    int index = 0;
    mad::Extent size = block.in_size;
    for (const mad::Unit<double>& unit : mad::BlockUnits(block)) x = AddUnit(context, unit, mad::UnitPrefix(block, index++), x, size);
    maps.push_back(x);
  }
  if (spec.head.IsClassifier()) {
    graph.SetOutput(AddClassifier(graph, spec.head, x), "logits", {kAnyBatch, spec.head.classes});
  } else if (spec.head.type == "upernet") {
    const std::string logits = AddUPerNet(context, spec.head, LevelMaps(spec, blocks, maps), input);
    graph.SetOutput(logits, "logits", MapDims(spec.head.classes, input, spatial_dims));
  } else if (detector != nullptr) {
    const std::vector<OnnxDetectionLevel> levels = AddDetector(context, *detector, LevelMaps(spec, blocks, maps));
    if (options.detections) AddDetections(graph, levels, input, detector->detect_options());
    for (const OnnxDetectionLevel& level : levels) {
      if (options.detections) break;
      for (const auto& [name, map] : {std::pair{"classes", &level.classes}, {"quality", &level.quality}, {"distances", &level.distances}}) {
        graph.SetOutput(map->name, fmt::format("{}_{}", name, level.stride), MapDims(map->channels, map->size, spatial_dims));
      }
    }
  } else {
    const std::vector<OnnxMap> levels = LevelMaps(spec, blocks, maps);
    for (size_t i = 0; i < levels.size(); ++i) {
      const int stride = mad::HeadLevels(spec)[i].stride;
      graph.SetOutput(levels[i].name, fmt::format("stride_{}", stride), MapDims(levels[i].channels, levels[i].size, spatial_dims));
    }
  }

  OnnxModel model = graph.Take();
  model.name = spec.name;
  model.inputs = {{"images", MapDims(spec.input.channels, input, spatial_dims)}};
  if (options.detections) model.inputs.front().dims.front() = 1;
  return model;
}

}  // namespace deepmad::models
