// Which weights a command uses: --weights and --ema.
#pragma once

#include <CLI/App.hpp>
#include <string>

#include "models/weights/load.h"

namespace deepmad::cli {

class WeightsChoice {
 public:
  // `own`: the weights of a run folder that serve where --weights is not given, "best" or "last".
  explicit WeightsChoice(const std::string& own) : own_(own) {}

  void Declare(CLI::App& app);
  // Whether the command line names weights; else Find() takes those of the run folder.
  bool given() const { return !given_.empty() || ema_; }
  // For `source`, a run folder or a file. UsageError where there are no such weights.
  models::WeightsPlace Find(const std::string& source) const;

 private:
  std::string own_;
  std::string given_;
  bool ema_ = false;
};

}  // namespace deepmad::cli
