// A design problem: what is accepted can be assessed at its smallest candidate.
#include <cmath>
#include <cstdint>
#include <string>

#include "mad/cost/network_cost.h"
#include "mad/problem/problem.h"
#include "tests/fuzz/expect.h"

namespace {

using namespace deepmad;

void Read(const std::string& text) {
  const base::Config config = base::Config::FromText(text, "fuzz.yaml");
  const mad::DesignProblem problem = mad::ProblemFromConfig(config);
  mad::Candidate smallest;
  for (const mad::BlockVariables& block : problem.blocks) {
    fuzz::Expect(!block.kernels.empty() && block.depth.low >= 1 && block.depth.low <= block.depth.high, "a block with a choice");
    smallest.blocks.push_back({block.kernels.front(), 1, block.out_channels.low, block.bottleneck_channels.low});
  }
  const mad::NetworkSpec network = mad::ToNetwork(problem, smallest);
  mad::Validate(network, "fuzz.yaml");
  const mad::NetworkCost cost = mad::Cost(network);
  fuzz::Expect(std::isfinite(cost.macs) && cost.macs > 0, "a positive cost");
  config.CheckAllRead();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (text.find("include") != std::string::npos) return 0;
  fuzz::MayFail(base::ErrorKind::kUsage, [&] { Read(text); });
  return 0;
}
