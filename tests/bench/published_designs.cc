// The published design problems, one core: how soon the answer, how good, and how well proven.
//   bench_published_designs SECONDS GAP PROBLEM... [key=value...]
// prints a Markdown table; PROBLEM is a name in configs/design/. The published structure is the one of configs/arch/ that the problem's
// file names as `published`, measured in the same formulation.
#include <fmt/format.h>

#include <cstdlib>

#include "base/build_info.h"
#include "mad/design.h"

namespace deepmad::mad {
namespace {

void Run(const std::string& name, const std::string& formulation, std::vector<std::string> overrides) {
  overrides.push_back("formulation=" + formulation);
  const std::string file = name.ends_with(".yaml") ? name : base::ConfigsFolder() + "/design/" + name + ".yaml";
  const DesignProblem problem = LoadProblem(file, overrides);
  const DesignResult result = Design(problem);
  fmt::print("| {} | {} | {:.2f} | {:.3f} | {:.3f} | {:.2g} | {} | {} | {} | {} |\n", name, formulation, result.seconds,
             result.assessment.score.objective, result.upper_bound.value_or(NAN), result.Gap().value_or(NAN),
             DesignStatusName(result.status), result.bound_nodes, result.bound_evaluations, result.evaluations);
  std::fflush(stdout);
}

int Main(int argc, char** argv) {
  if (argc < 4) {
    fmt::print(stderr, "bench_published_designs SECONDS GAP PROBLEM... [key=value...]\n");
    return 2;
  }
  std::vector<std::string> names, overrides{fmt::format("solver.time_limit_seconds={}", argv[1]), fmt::format("solver.gap={}", argv[2])};
  for (int i = 3; i < argc; ++i) (std::string(argv[i]).find('=') == std::string::npos ? names : overrides).push_back(argv[i]);
  fmt::print("| problem | formulation | seconds | objective | upper bound | gap | status | boxes | bound evaluations | structures |\n");
  fmt::print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n");
  for (const std::string& name : names) {
    for (const std::string formulation : {"reference", "paper"}) {
      try {
        Run(name, formulation, overrides);
      } catch (const std::exception& error) {
        fmt::print("| {} | {} | {} |\n", name, formulation, error.what());
      }
    }
  }
  return 0;
}

}  // namespace
}  // namespace deepmad::mad

int main(int argc, char** argv) { return deepmad::mad::Main(argc, argv); }
