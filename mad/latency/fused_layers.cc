#include "mad/latency/fused_layers.h"

namespace deepmad::mad {

std::string WorkKind(const WorkShape& shape, int spatial_dims) {
  std::string kind = FusedOpName(shape.op);
  if (TraitsOf(shape.op).has_kernel) {
    kind += " " + (spatial_dims == 3 ? std::to_string(shape.kernel.t) + "x" : "") + std::to_string(shape.kernel.h) + "x" +
            std::to_string(shape.kernel.w);
  }
  return shape.adds_shortcut ? kind + " + shortcut" : kind;
}

std::vector<LayerWork<double>> WorkAroundBlocks(const NetworkSpec& spec) {
  const double channels = spec.input.channels;
  const Extent size{spec.input.frames, spec.input.height, spec.input.width};
  std::vector<LayerWork<double>> work{{"input", {.op = FusedOp::kInput, .map = size}, channels, channels}};
  if (spec.head.IsClassifier()) {
    const PlacedBlock last = PlaceBlocks(spec).back();
    work.push_back({spec.head.name,
                    {.op = FusedOp::kClassifier, .map = last.out_size},
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
