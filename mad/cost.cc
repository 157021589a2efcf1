#include "mad/cost.h"

namespace deepmad::mad {

double HeadParams(int in_channels, const HeadSpec& head) { return (in_channels + 1.0) * head.classes; }
double HeadMacs(int in_channels, const HeadSpec& head) { return static_cast<double>(in_channels) * head.classes; }

MapSizes InputSizes(const InputSpec& input) {
  return {{input.frames, input.height, input.width}, std::sqrt(static_cast<double>(input.height) * input.width)};
}

BlockPlace PlaceOf(const PlacedBlock& block, const MapSizes& in_maps) {
  return {block.type, block.spec->kernel, block.spec->stride, block.in_channels != block.spec->out_channels, block.activation, in_maps};
}

std::vector<BlockTotals<double>> CountBlocks(const NetworkSpec& spec) {
  std::vector<BlockTotals<double>> totals;
  MapSizes maps = InputSizes(spec.input);
  for (const PlacedBlock& block : PlaceBlocks(spec)) {
    const BlockDims<double> dims{static_cast<double>(block.in_channels), static_cast<double>(block.spec->out_channels),
                                 static_cast<double>(block.spec->bottleneck_channels), static_cast<double>(block.spec->depth)};
    totals.push_back(CountBlock(PlaceOf(block, maps), dims));
    maps.Shrink(Square(block.spec->stride));
  }
  return totals;
}

NetworkCost Cost(const NetworkSpec& spec) {
  NetworkCost cost;
  for (const BlockTotals<double>& block : CountBlocks(spec)) {
    cost.macs += block.macs;
    cost.reference_flops += block.reference_flops;
    cost.params_backbone += block.params;
    cost.layers += static_cast<int>(block.layers);
  }
  const int channels = spec.blocks.back().out_channels;
  cost.macs += HeadMacs(channels, spec.head);
  cost.params = cost.params_backbone + HeadParams(channels, spec.head);
  return cost;
}

}  // namespace deepmad::mad
