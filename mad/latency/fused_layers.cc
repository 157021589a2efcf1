#include "mad/latency/fused_layers.h"

namespace deepmad::mad {

bool MixesChannels(const WorkShape& shape) {
  return shape.layer == "conv" || shape.layer == "squeeze-excite" || shape.layer == "pool and classifier";
}

bool HasKernel(const WorkShape& shape) {
  return shape.layer == "conv" || shape.layer == "depthwise" || shape.layer == "average pool" || shape.layer == "max pool";
}

std::string WorkKind(const WorkShape& shape, int spatial_dims) {
  std::string kind = shape.layer;
  if (HasKernel(shape)) {
    kind += " " + (spatial_dims == 3 ? std::to_string(shape.kernel.t) + "x" : "") + std::to_string(shape.kernel.h) + "x" +
            std::to_string(shape.kernel.w);
  }
  return shape.adds_shortcut ? kind + " + shortcut" : kind;
}

std::vector<LayerWork<double>> WorkAroundBlocks(const NetworkSpec& spec) {
  const double channels = spec.input.channels;
  const Extent size{spec.input.frames, spec.input.height, spec.input.width};
  std::vector<LayerWork<double>> work{{"input", {.layer = "type and layout", .map = size}, channels, channels}};
  if (spec.head.IsClassifier()) {
    const PlacedBlock last = PlaceBlocks(spec).back();
    work.push_back({spec.head.name,
                    {.layer = "pool and classifier", .map = last.out_size},
                    static_cast<double>(last.spec->out_channels),
                    static_cast<double>(spec.head.classes)});
  }
  return work;
}

std::vector<LayerWork<double>> NetworkWork(const NetworkSpec& spec) {
  const std::vector<LayerWork<double>> around = WorkAroundBlocks(spec);
  std::vector<LayerWork<double>> work{around.front()};
  Extent size = around.front().shape.map;
  for (const PlacedBlock& block : PlaceBlocks(spec)) {
    int unit = 0;
    for (const Unit<double>& recipe : BlockUnits(block)) {
      const std::string prefix = UnitPrefix(block, unit++);
      for (LayerWork<double>& layer : UnitWork(recipe, size)) {
        layer.name = prefix + layer.name;
        work.push_back(std::move(layer));
      }
    }
  }
  if (around.size() > 1) work.push_back(around.back());
  return work;
}

}  // namespace deepmad::mad
