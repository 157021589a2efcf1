// One design, without LibTorch: bench_design PROBLEM.yaml [key=value...] prints report.json with the network's YAML under "network_yaml".
// tests/bench/same_answer.py runs it.
#include <fmt/format.h>

#include <string>
#include <vector>

#include "mad/report/design_report.h"

namespace deepmad::mad {
namespace {

int Main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "usage: bench_design PROBLEM.yaml [key=value...]\n");
    return 2;
  }
  const DesignProblem problem = LoadProblem(argv[1], std::vector<std::string>(argv + 2, argv + argc));
  const DesignResult result = Design(problem);
  base::Json report = DesignReportJson(problem, result, argv[1]);
  report["network_yaml"] = NetworkToYaml(result.network);
  fmt::print("{}", base::JsonText(report));
  return 0;
}

}  // namespace
}  // namespace deepmad::mad

int main(int argc, char** argv) {
  try {
    return deepmad::mad::Main(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
