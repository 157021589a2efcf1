// Closed-form cost of a concrete network. 1 FLOP = 1 multiply-accumulate.
#pragma once

#include <vector>

#include "mad/cost/block_cost.h"
#include "mad/network/network_spec.h"

namespace deepmad::mad {

struct NetworkCost {
  double macs = 0;             // convolutions, squeeze-excite and classifier, true map sizes
  double reference_flops = 0;  // the released code's count (docs/mathematics.md): + norms, activations, pools; - squeeze-excite, classifier
  double params = 0;           // all, with the head
  double params_backbone = 0;  // without the head
  // The released code's count: without the head, quantised weights in bytes. Equal to params_backbone for unquantised networks.
  double reference_params = 0;
  // Numbers that quantisers keep in the state_dict beside the weights (steps, and what the released checkpoints carry); not in params.
  double quantiser_values = 0;
  int layers = 0;  // convolutions of the main paths
};

// Requires a valid spec. The reference FLOPs of an input that is not square use the geometric mean of its sides.
NetworkCost Cost(const NetworkSpec& spec);
// Products of single bits in the reference FLOPs of a network: 64 times their number where nothing is quantised.
double BitOperations(const NetworkCost& cost);
double HeadParams(int in_channels, const HeadSpec& head);
double HeadMacs(int in_channels, const HeadSpec& head);

// Map sizes of the network's input and of one block's input, for the counting templates.
MapSizes InputSizes(const InputSpec& input);
BlockPlace PlaceOf(const PlacedBlock& block, const MapSizes& in_maps, const LatencyModel* latency = nullptr);
// Returns the totals of each block, with latencies if a model is given.
std::vector<BlockTotals<double>> CountBlocks(const NetworkSpec& spec, const LatencyModel* latency = nullptr);

}  // namespace deepmad::mad
