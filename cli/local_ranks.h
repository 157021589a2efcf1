// --nproc N: this program, started again once for each rank on this machine.
#pragma once

#include <CLI/App.hpp>

namespace deepmad::cli {

class LocalRanks {
 public:
  void Declare(CLI::App& app);

  // Returns where this process is to do the work: --nproc was not given, or it is one of the ranks. Else starts the ranks with its own
  // command line, forwards SIGTERM, SIGINT and SIGUSR1, waits, and ends this process with the first exit code that is not 0. A rank that a
  // signal killed gets a line; when one fails, the others have a few seconds to end by themselves. FailedError where none can be started.
  void Run() const;

 private:
  int count_ = 1;
};

}  // namespace deepmad::cli
