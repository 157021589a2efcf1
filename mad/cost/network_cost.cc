#include "mad/cost/network_cost.h"

namespace deepmad::mad {
namespace {

// weightq is a copy of the weights; alpha and weight_quan.s have a number each output channel; scalar and act_quan.s are one number.
double QuantiserValues(double weights, double out_channels) { return weights + 2 * out_channels + 2; }

double QuantiserValues(const NetworkSpec& spec) {
  double values = 0;
  for (const PlacedBlock& block : PlaceBlocks(spec)) {
    if (block.spec->weight_bits.empty()) continue;
    for (const Unit<double>& unit : BlockUnits(block)) {
      WalkUnit(unit, block.in_size, [&](const LayerVisit<double, Extent>& visit) {
        if (visit.layer.bits.Quantised()) values += QuantiserValues(ConvWeights(visit.layer), visit.layer.out);
      });
    }
  }
  if (spec.head.bits > 0) {
    const double classes = spec.head.classes;
    values += QuantiserValues(HeadMacs(spec.blocks.back().out_channels, spec.head), classes);
  }
  return values;
}

bool HasMixedBits(const BlockSpec& spec) { return spec.activation_bits.size() > 1 || spec.weight_bits.size() > 1; }

BlockTotals<double> CountUnitByUnit(const PlacedBlock& block, MapSizes maps, const LatencyModel* latency) {
  const BlockPlace place = PlaceOf(block, maps, latency);
  BlockTotals<double> totals;
  totals.depth = block.spec->depth;
  totals.out_channels = block.spec->out_channels;
  for (const Unit<double>& unit : BlockUnits(block)) AddUnits(CountUnitAt(place, unit, maps), 1.0, totals);
  return totals;
}

}  // namespace

double BitOperations(const NetworkCost& cost) { return 64 * cost.reference_flops; }
double HeadParams(int in_channels, const HeadSpec& head) { return head.IsClassifier() ? (in_channels + 1.0) * head.classes : 0; }
double HeadMacs(int in_channels, const HeadSpec& head) { return head.IsClassifier() ? static_cast<double>(in_channels) * head.classes : 0; }

MapSizes InputSizes(const InputSpec& input) {
  return {{input.frames, input.height, input.width}, std::sqrt(static_cast<double>(input.height) * input.width)};
}

BlockPlace PlaceOf(const PlacedBlock& block, const MapSizes& in_maps, const LatencyModel* latency) {
  return {{block.type, block.form, block.spec->stride, block.ChangesChannels()}, in_maps, latency};
}

std::vector<BlockTotals<double>> CountBlocks(const NetworkSpec& spec, const LatencyModel* latency) {
  std::vector<BlockTotals<double>> totals;
  MapSizes maps = InputSizes(spec.input);
  for (const PlacedBlock& block : PlaceBlocks(spec)) {
    const BlockDims<double> dims{static_cast<double>(block.in_channels), static_cast<double>(block.spec->out_channels),
                                 static_cast<double>(block.spec->bottleneck_channels), static_cast<double>(block.spec->depth)};
    totals.push_back(HasMixedBits(*block.spec) ? CountUnitByUnit(block, maps, latency) : CountBlock(PlaceOf(block, maps, latency), dims));
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
    cost.reference_params += block.reference_params;
    cost.layers += static_cast<int>(block.layers);
  }
  const int channels = spec.blocks.back().out_channels;
  cost.macs += HeadMacs(channels, spec.head);
  cost.params = cost.params_backbone + HeadParams(channels, spec.head);
  cost.quantiser_values = QuantiserValues(spec);
  return cost;
}

}  // namespace deepmad::mad
