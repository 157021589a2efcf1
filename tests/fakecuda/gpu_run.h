// deepmad-cuda on the stand-in for CUDA's runtime, and what the stand-in tells of it.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/cli/program.h"
#include "tests/temporary_folder.h"

namespace deepmad::fakecuda {

// What the run finds; see tests/fakecuda/run.sh.
struct Machine {
  int devices = 1;
  double bytes = 8e9;  // of a device
  double kernel_microseconds = 0;
};

struct GpuOutcome : cli::Outcome {
  std::vector<nlohmann::json> reports;  // of each process that used a device, in no order
};

// A program that has been started. Wait() must be called once.
class GpuProgram {
 public:
  explicit GpuProgram(const std::vector<std::string>& words, const Machine& machine = {}, const std::vector<std::string>& environment = {});
  GpuOutcome Wait();
  pid_t pid() const { return program_.pid(); }
  bool Running() const { return program_.Running(); }

 private:
  TemporaryFolder logs_;
  cli::Program program_;
};

// The words of a command for the CPU, for a GPU.
std::vector<std::string> OnGpu(std::vector<std::string> words);

GpuOutcome RunOnGpu(const std::vector<std::string>& words, const Machine& machine = {}, const std::vector<std::string>& environment = {});

// What the run said on stderr, without the warning that the fused norm, a kernel of ours, is left out: at the start it is compared with the
// general operations, and here neither computes anything.
std::string ErrorsOf(const GpuOutcome& outcome);

// The run ended well, said nothing but its result, and asked for nothing that CUDA refuses.
void ExpectClean(const GpuOutcome& outcome);

// Calls whose name begins so, in a report's or a lap's "calls".
long CallsLike(const nlohmann::json& calls, const std::string& beginning);

// Calls that hold an update up, of a report: what each update behind the first `warm_up` made, as {"waits": 1, "pageable copies": 0, ...}.
// `updates` is the number that the report must tell of.
std::vector<nlohmann::json> SteadyUpdates(const nlohmann::json& report, int updates, int warm_up);

// In each of them at most one wait, no copy from or to pageable memory, no memory of the device taken; and not in each a
// question for it.
void ExpectBudget(const nlohmann::json& report, int updates, int warm_up = 3);

}  // namespace deepmad::fakecuda
