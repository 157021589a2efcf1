// The page beside an exported network that tells its next user what it is.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "mad/network/network_spec.h"

namespace deepmad::cli {

// One file of an export.
struct ExportedFile {
  std::string path;
  std::string what;    // "weights, safetensors: 22.0M parameters, float32"
  std::string python;  // lines of Python that load it, from the folder it lies in
  std::string cpp;     // lines of C++; empty: none
};

struct ModelCard {
  mad::NetworkSpec network;
  base::Json report;                  // as report.json: budgets and cost
  base::Json summary;                 // as summary.json; null: nothing is known of data and metrics
  std::string weights;                // where the weights came from; empty: none were asked for
  std::optional<std::string> pixels;  // how pictures become inputs: "mean [0.48, 0.46, 0.41], std [...] on [0, 1]"
  std::vector<ExportedFile> files;
};

// Markdown.
std::string ModelCardText(const ModelCard& card);

}  // namespace deepmad::cli
