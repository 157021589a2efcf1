// A network as the sequence of its convolutions and attentions, for tables and drawings.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "mad/network/network_spec.h"

namespace deepmad::mad {

struct LayerRow {
  std::string name;  // as in the state_dict, without ".weight"; "attention" below the unit's name
  int block = 0;
  Extent kernel{}, stride{};
  int in_channels = 0, out_channels = 0;
  bool depthwise = false;
  Bits bits{};
  Extent out_size{};
  double params = 0;  // with the batch norm or layer scale behind it and the layer norm before it
  double macs = 0;
  int64_t receptive_field = 0;  // input pixels along one side, on the main path
};

// Convolutions and attentions in execution order, shortcut and squeeze-excite included, then the classifier where there is one.
std::vector<LayerRow> LayerRows(const NetworkSpec& network);

}  // namespace deepmad::mad
