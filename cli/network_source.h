// Where a run's network comes from: `design` (a problem, inline or a file) or `network` (a file, or inline).
#pragma once

#include <string>

#include "base/config/config.h"
#include "base/json.h"
#include "mad/network/network_spec.h"

namespace deepmad::cli {

struct NetworkSource {
  mad::NetworkSpec network;
  base::Json report;  // content of report.json: of the design, or of the given network
  std::string table;  // for the terminal
};

// A network file, assessed by the paper's definitions.
NetworkSource FromNetworkFile(const std::string& file);

// Reads the sections `design` or `network` of a run configuration, and `classes_from_data` (true: the classifier gets as many classes as
// the data have, whatever the network says); UsageError where both or neither is there. InfeasibleError from the solver.
NetworkSource NetworkOfRun(const base::Config& run);

// The network and report that an earlier start of the same run left in its folder; falls back to NetworkOfRun. A design that a time limit
// cut short may come out differently the second time, and a run must go on with the network it began with.
NetworkSource NetworkOfRun(const base::Config& run, const std::string& folder);

}  // namespace deepmad::cli
