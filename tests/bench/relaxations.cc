// What each of NLopt's methods makes of the relaxations of the published problems, from one start, within the same time:
//   bench_relaxations SECONDS [PROBLEM...]
// prints a Markdown table: objective (and the largest relative violation, where it is not feasible), evaluations and milliseconds.
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>

#include "base/build_info.h"
#include "mad/problem/feasibility.h"
#include "mad/search/continuous_relaxation.h"

int main(int argc, char** argv) {
  using namespace deepmad::mad;
  if (argc < 2) {
    fmt::print(stderr, "bench_relaxations SECONDS [PROBLEM...]\n");
    return 2;
  }
  std::vector<std::string> names(argv + 2, argv + argc);
  if (names.empty()) names = {"classification-deepmad-r18-flops", "classification-deepmad-29m-224", "classification-mbv2-flops"};
  fmt::print("| problem | method | objective | violation | evaluations | ms | end |\n| --- | --- | --- | --- | --- | --- | --- |\n");
  try {
    for (const std::string& name : names) {
      const DesignProblem problem = WithTightRanges(LoadProblem(deepmad::base::ConfigsFolder() + "/design/" + name + ".yaml"));
      std::vector<KernelChoice> kernels;
      for (const BlockVariables& block : problem.blocks) kernels.push_back(block.kernels.back());
      for (const Algorithm algorithm : kAlgorithms) {
        const Relaxation relaxation(problem, kernels, algorithm);
        const auto start = std::chrono::steady_clock::now();
        const RelaxedDesign design = relaxation.Solve(/*depth=*/3, /*width_share=*/0.5, {.seconds = std::atof(argv[1])});
        const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        fmt::print("| {} | {} | {:.2f} | {:.1e} | {} | {:.1f} | {} |\n", name, AlgorithmName(algorithm), design.objective,
                   design.max_violation, design.evaluations, 1000 * seconds, TerminationName(design.termination));
      }
    }
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
  return 0;
}
