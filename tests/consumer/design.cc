// Designs a network for a budget and writes it: consumer_design FILE
#include <cstdio>
#include <exception>

#include "base/atomic_file.h"
#include "mad/design/design.h"
#include "mad/network/network_spec.h"

constexpr char kProblem[] = R"(
version: 1
name: consumer
input: {channels: 3, height: 32, width: 32}
stem: {out_channels: [8, 32]}
stages:
  - {type: bottleneck, stride: 2, kernel: [3, 5], depth: [1, 3], out_channels: [8, 128], bottleneck_channels: [8, 64]}
  - {type: basic, stride: 2, kernel: 3, depth: [1, 3], out_channels: [8, 256], bottleneck_channels: [8, 128]}
budgets: {flops: 2.0e+6, params: 1.0e+5, effectiveness: 1}
head: {classes: 10}
)";

int main(int argc, char** argv) {
  try {
    if (argc != 2) throw std::runtime_error("give the file to write");
    const deepmad::mad::DesignProblem problem = deepmad::mad::ProblemFromConfig(deepmad::base::Config::FromText(kProblem));
    const deepmad::mad::DesignResult result = deepmad::mad::Design(problem);
    deepmad::base::WriteFileAtomically(argv[1], deepmad::mad::NetworkToYaml(result.network));
    std::printf("%zu blocks\n", result.network.blocks.size());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "consumer_design: %s\n", error.what());
    return 1;
  }
}
