// What the command line says of a run, beside its configuration and network.
#pragma once

#include <string>

#include "train/distributed/rank_group.h"

namespace deepmad::train {

struct RunOptions {
  std::string out;                   // run folder (TrainRun)
  bool fresh = false;                // an existing run in `out` is an error, even one of the same configuration
  std::string device = "auto";       // auto, cpu, cuda, cuda:1
  int threads = 0;                   // of the arithmetic on the CPU; 0: one a core
  std::string structure_svg;         // drawing for the report; empty: none
  std::string profile;               // file for a Chrome trace of some updates; empty: none (TrainRun)
  bool batch_statistics = false;     // scores in training mode: batch norms by the statistics of each batch (ValidateRun)
  std::string predictions;           // where to write what the network predicts (ValidateRun); empty: nowhere
  std::string design_report;         // content of report.json; empty: none
  const RankGroup* ranks = nullptr;  // the processes that share the work; null: this one alone
};

}  // namespace deepmad::train
