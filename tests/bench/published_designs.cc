// The published classification problems, one core: how soon the answer, how good, and how well proven, beside the published structures.
//   bench_published_designs SECONDS GAP [PROBLEM...] [key=value...]
// prints a Markdown table. PROBLEM is a name in configs/design/; without one, all of the table below. Each is solved in the formulation it
// was published under and in the paper's.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <string>
#include <vector>

#include "base/build_info.h"
#include "mad/design/design.h"

namespace deepmad::mad {
namespace {

struct Published {
  const char* problem;
  const char* structure;    // in configs/arch/; nullptr where none was published
  bool asked_only = false;  // of videos: solved when named, in its own formulation alone
};
constexpr Published kPublished[] = {{"classification-deepmad-r18-flops", "deepmad-r18"},
                                    {"classification-deepmad-r34-flops", "deepmad-r34"},
                                    {"classification-deepmad-r50-flops", "deepmad-r50"},
                                    {"classification-deepmad-29m-224", "deepmad-29m-224"},
                                    {"classification-deepmad-29m-288", "deepmad-29m-288"},
                                    {"classification-deepmad-50m", "deepmad-50m"},
                                    {"classification-deepmad-89m", "deepmad-89m"},
                                    {"classification-mbv2-flops", nullptr},
                                    {"classification-r50-flops", nullptr},
                                    {"action-recognition-e3d-x3ds-flops", "e3d-s", true},
                                    {"action-recognition-e3d-x3dm-flops", "e3d-m", true},
                                    {"action-recognition-e3d-x3dl-flops", "e3d-l", true}};

// "32085.397 (over budget: flops 1.8373e+09 ...)".
std::string PublishedObjective(const DesignProblem& problem, const std::string& name) {
  for (const Published& published : kPublished) {
    if (name != published.problem || !published.structure) continue;
    const NetworkSpec network = LoadNetwork(base::ConfigsFolder() + "/arch/" + published.structure + ".yaml");
    const Assessment assessment = Assess(problem, network);
    std::string text = fmt::format("{:.3f}", assessment.score.objective);
    if (assessment.violations.empty()) return text + " (within the budgets)";
    return text + fmt::format(" ({})", fmt::join(ViolationTexts(assessment.violations), "; "));
  }
  return "-";
}

void Solve(const std::string& name, const std::vector<std::string>& overrides) {
  const DesignProblem problem = LoadProblem(base::ConfigsFolder() + "/design/" + name + ".yaml", overrides);
  const DesignResult result = Design(problem);
  fmt::print("| {} | {} | {:.2f} | {:.3f} | {} | {:.3f} | {:.2g} | {} | {} | {} | {} |\n", name, problem.formulation->name, result.seconds,
             result.assessment.score.objective, PublishedObjective(problem, name), result.upper_bound.value_or(NAN),
             result.Gap().value_or(NAN), DesignStatusName(result.status), result.bound_nodes, result.bound_evaluations, result.evaluations);
  std::fflush(stdout);
}

int Main(int argc, char** argv) {
  if (argc < 3) {
    fmt::print(stderr, "bench_published_designs SECONDS GAP [PROBLEM...] [key=value...]\n");
    return 2;
  }
  std::vector<std::string> names;
  std::vector<std::string> overrides{fmt::format("solver.time_limit_seconds={}", argv[1]), fmt::format("solver.gap={}", argv[2])};
  for (int i = 3; i < argc; ++i) (std::string(argv[i]).find('=') == std::string::npos ? names : overrides).push_back(argv[i]);
  if (names.empty()) {
    for (const Published& published : kPublished)
      if (!published.asked_only) names.push_back(published.problem);
  }
  fmt::print(
      "| problem | formulation | seconds | objective | published structure | upper bound | gap | status | boxes | bound evaluations | "
      "structures tried |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n");
  for (const std::string& name : names) {
    Solve(name, overrides);
    const auto is_named = [&](const Published& published) { return name == published.problem && published.asked_only; };
    if (std::any_of(std::begin(kPublished), std::end(kPublished), is_named)) continue;
    std::vector<std::string> paper = overrides;
    paper.insert(paper.end(), {"formulation=paper", "budgets.flops_convention=macs"});
    Solve(name, paper);
  }
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
