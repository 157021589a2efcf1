// A long run of random design problems: bench_random_problems FIRST COUNT [SECONDS_A_PROBLEM]. Says what came out and each answer that is
// not as it must be; a single problem is printed as YAML, to go on with `deepmad design`. 300 of the same problems are in the suite
// (tests/mad/solvers/random_problem_test.cc).
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <map>

#include "tests/mad/random_problem.h"

namespace deepmad::mad {
namespace {

std::string BudgetYaml(const DesignProblem& problem) {
  std::string yaml = "budgets:\n";
  const auto line = [&](const char* name, const std::optional<double>& limit) {
    if (limit) yaml += fmt::format("  {}: {:.17g}\n", name, *limit);
  };
  for (const BudgetInfo& info : kBudgetInfos) line(info.name, problem.budgets.*info.limit);
  return yaml;
}

int RunProblems(uint64_t first, uint64_t count, double seconds) {
  std::map<std::string, int> outcomes;
  int planted = 0, missed = 0, wrong = 0, below = 0;
  std::vector<double> times;
  for (uint64_t number = first; number < first + count; ++number) {
    try {
      const RandomProblem random = MakeRandomProblem(number, seconds);
      if (count == 1) fmt::print("{}{}", random.yaml, BudgetYaml(random.problem));
      const Answer answer = SolveAndCheck(random);
      times.push_back(answer.seconds);
      planted += random.planted ? 1 : 0;
      missed += answer.kind == AnswerKind::kMissed ? 1 : 0;
      wrong += answer.kind == AnswerKind::kWrong ? 1 : 0;
      below += answer.kind == AnswerKind::kDesign && answer.over_planted < -1e-9 ? 1 : 0;
      const std::string sort = answer.text.substr(0, answer.text.find_first_of(":;0123456789"));
      ++outcomes[answer.kind == AnswerKind::kDesign ? "design: " + answer.text : "no design: " + sort];
      if (answer.kind == AnswerKind::kMissed || answer.kind == AnswerKind::kWrong || answer.over_planted < -1e-9 ||
          answer.seconds > 2 * seconds + 0.1) {
        fmt::print("{}: {} ({:.2f} s, {:.6g} over the planted structure) {}\n", number,
                   answer.kind == AnswerKind::kMissed  ? "MISSED"
                   : answer.kind == AnswerKind::kWrong ? "WRONG"
                                                       : "noted",
                   answer.seconds, answer.over_planted, answer.text);
      }
    } catch (const std::exception& error) {
      ++wrong;
      fmt::print("{}: WRONG problem: {}\n", number, error.what());
    }
    std::fflush(stdout);
  }
  std::sort(times.begin(), times.end());
  for (const auto& [outcome, n] : outcomes) fmt::print("{:6} {}\n", n, outcome);
  fmt::print("{} problems, {} planted: {} missed, {} wrong, {} designs below the planted one; seconds: median {:.3f}, largest {:.3f}\n",
             count, planted, missed, wrong, below, times.empty() ? 0 : times[times.size() / 2], times.empty() ? 0 : times.back());
  return wrong > 0 ? 1 : 0;
}

}  // namespace
}  // namespace deepmad::mad

int main(int argc, char** argv) {
  if (argc < 3) {
    fmt::print(stderr, "usage: bench_random_problems FIRST COUNT [SECONDS_A_PROBLEM]\n");
    return 2;
  }
  return deepmad::mad::RunProblems(std::strtoull(argv[1], nullptr, 10), std::strtoull(argv[2], nullptr, 10),
                                   argc > 3 ? std::strtod(argv[3], nullptr) : 0.2);
}
