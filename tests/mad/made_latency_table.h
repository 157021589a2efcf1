// A latency table whose times follow a formula, for every kind of layer that a registered 2-D block has.
#pragma once

#include "mad/latency/latency_table.h"

namespace deepmad::mad {

// What the table says of a layer: milliseconds, of the form that LatencyModel fits.
double MadeMilliseconds(const LayerMeasurement& row);
// Inference in float32 at batch 1 on maps of 4 to 32 pixels a side, whole passes at 1.25 times the sum of their layers, and training steps
// in float32 at batch 8 whose time is 2 ns a value and 5 ns a parameter.
LatencyTable MadeLatencyTable();

}  // namespace deepmad::mad
