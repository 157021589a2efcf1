// Latencies that a table predicts for a network, for reports.
#pragma once

#include <string>

#include "base/json.h"
#include "mad/latency/latency_table.h"

namespace deepmad::mad {

// {"table", "device", "threads", "cases": [{"work", "precision", "batch", "milliseconds"}]}: one entry per case of the table. Throws
// UsageError for a 3-D network.
base::Json Predictions(const LatencyTable& table, const NetworkSpec& network, const std::string& path);
std::string PredictionTable(const base::Json& predictions);

}  // namespace deepmad::mad
