#include "tests/mad/random_problem.h"

#include <fmt/format.h>

#include <chrono>
#include <cmath>

#include "base/random.h"
#include "mad/problem/feasibility.h"
#include "mad/report/design_report.h"

namespace deepmad::mad {
namespace {

template <typename T>
T Pick(base::Random& random, std::initializer_list<T> list) {
  return *(list.begin() + random.UniformInt(0, static_cast<int64_t>(list.size()) - 1));
}

double LogUniform(base::Random& random, double low, double high) { return std::exp(random.Uniform(std::log(low), std::log(high))); }

std::vector<std::string> ResidualTypes(bool has_time) {
  std::vector<std::string> types;
  for (const std::string& name : BlockRegistry::Get().Names()) {
    const BlockTraits& traits = FindBlockType(name).traits;
    if (traits.repeats && traits.has_time == has_time) types.push_back(name);
  }
  return types;
}

std::string AnyType(base::Random& random, bool has_time) {
  static const std::vector<std::string> types[] = {ResidualTypes(false), ResidualTypes(true)};
  const std::vector<std::string>& list = types[has_time ? 1 : 0];
  return list[static_cast<size_t>(random.UniformInt(0, static_cast<int64_t>(list.size()) - 1))];
}

std::string StageYaml(base::Random& random, const std::string& type, int multiple) {
  const int widest = multiple * static_cast<int>(random.UniformInt(2, 2048 / multiple));
  const int low = random.Bernoulli(0.93) ? multiple : static_cast<int>(random.UniformInt(multiple, widest));
  std::string yaml = fmt::format("  - {{type: {}, stride: {}, kernel: {}, depth: [1, {}], out_channels: [{}, {}]", type,
                                 random.Bernoulli(0.75) ? 2 : 1, Pick(random, {"3", "[3, 5]", "[3, 5, 7]", "[1, 3]"}),
                                 random.UniformInt(1, Pick(random, {3, 20, 100})), low, std::max(widest, low + multiple));
  if (FindBlockType(type).traits.has_bottleneck)
    yaml += fmt::format(", bottleneck_channels: [{}, {}]", multiple, Pick(random, {256, 2048, 8192}));
  return yaml + "}\n";
}

std::string ProblemYaml(base::Random& random, uint64_t number, double time_limit_seconds) {
  const int height = static_cast<int>(LogUniform(random, 16, 1025));
  const int width = random.Bernoulli(0.8) ? height : static_cast<int>(LogUniform(random, 16, 1025));
  const int multiple = random.Bernoulli(0.7) ? 8 : Pick(random, {1, 4, 16, 32});
  std::string yaml = fmt::format("version: 1\nname: random-{}\nformulation: {}\n", number, Pick(random, {"paper", "reference"}));
  const bool has_time = random.Bernoulli(0.15);
  const char* conv = has_time ? "conv3d" : "conv";
  yaml += fmt::format("input: {{channels: {}, height: {}, width: {}, frames: {}}}\n", Pick(random, {1, 3, 12}), height, width,
                      has_time ? random.UniformInt(1, 16) : 1);
  yaml += fmt::format("channel_multiple: {}\nstem: {{type: {}, out_channels: [{}, {}], kernel: 3, stride: {}}}\nstages:\n", multiple, conv,
                      multiple, multiple * random.UniformInt(2, 8), random.UniformInt(1, 2));
  const std::string family = AnyType(random, has_time);
  const bool mixed = random.Bernoulli(0.2);
  const int64_t stages = random.UniformInt(3, 6);
  for (int64_t i = 0; i < stages; ++i) yaml += StageYaml(random, mixed ? AnyType(random, has_time) : family, multiple);
  if (random.Bernoulli(0.3)) yaml += fmt::format("tail: {{type: {}, kernel: 1, out_channels: {}}}\n", conv, random.UniformInt(64, 2048));
  const double least = Pick(random, {0.1, 0.25, 1.0, 1.5});
  yaml += fmt::format("rules: {{non_decreasing_width: {}, out_over_in_max: {}, bottleneck_over_out: [{}, {}], ratio_rounding: {}}}\n",
                      random.Bernoulli(0.8), Pick(random, {0.0, 2.0, 4.0}), least, Pick(random, {4.0, 4.0, 10.0, 10.0, 10.0, 1.5}) * least,
                      random.Bernoulli(0.8) ? "exact" : "nearest");
  yaml += fmt::format("objective: {{depth_penalty: {}, depth_term: {}}}\n", Pick(random, {0.0, 1.0, 10.0, 100.0}),
                      Pick(random, {"exp_std", "exp_std", "none", "exp_var"}));
  yaml += fmt::format("solver: {{seed: {}, time_limit_seconds: {}}}\n", number, time_limit_seconds);
  return yaml + fmt::format("head: {{classes: {}}}\n", Pick(random, {2, 10, 1000}));
}

std::optional<Candidate> RandomStructure(const DesignProblem& tight, base::Random& random) {
  std::vector<double> widths, bottlenecks, depths;
  std::vector<KernelChoice> kernels;
  const auto within = [&](const Range& range) { return LogUniform(random, range.low, range.high + 1); };
  for (const BlockVariables& block : tight.blocks) {
    widths.push_back(within(block.out_channels));
    bottlenecks.push_back(block.bottleneck_channels.high > 0 ? within(block.bottleneck_channels) : 0);
    depths.push_back(within(block.depth));
    kernels.push_back(block.kernels[static_cast<size_t>(random.UniformInt(0, static_cast<int64_t>(block.kernels.size()) - 1))]);
  }
  const Candidate candidate = RoundToAdmitted(tight, widths, bottlenecks, depths, kernels);
  if (!IsAdmitted(tight, candidate)) return std::nullopt;
  return candidate;
}

// Each budget with probability 0.7.
void PlantBudgets(DesignProblem& problem, const Candidate& candidate, base::Random& random) {
  const Assessment assessment = Assess(problem, ToNetwork(problem, candidate));
  const double slack = Pick(random, {1.0, 1.05, 1.3, 2.0});
  const auto limit = [&](double used) { return random.Bernoulli(0.7) ? std::optional<double>(used * slack) : std::nullopt; };
  for (const Budget budget : kEveryBudget) {
    const std::optional<double> drawn = limit(assessment.used[budget]);
    if (IsKnown(budget, problem)) problem.budgets.*kBudgetInfos[budget].limit = drawn;
  }
}

void DrawBudgets(DesignProblem& problem, base::Random& random) {
  if (random.Bernoulli(0.8)) problem.budgets.flops = LogUniform(random, 1e6, 1e11);
  if (random.Bernoulli(0.8)) problem.budgets.params = LogUniform(random, 1e4, 1e8);
  if (random.Bernoulli(0.8)) problem.budgets.effectiveness = LogUniform(random, 0.05, 3);
  if (random.Bernoulli(0.1)) problem.budgets.activation_memory = LogUniform(random, 1e5, 1e9);
  if (random.Bernoulli(0.3)) problem.budgets.layers = std::floor(LogUniform(random, 5, 300));
}

// Everything that a user may rely on, from the finished network. Empty where all holds.
std::string FaultOf(const RandomProblem& random, const DesignResult& result) {
  const DesignProblem& problem = random.problem;
  Validate(result.network);
  if (!IsAdmitted(problem, ToCandidate(problem, result.network))) return "the design breaks the rules or ranges";
  const Assessment again = Assess(problem, result.network);
  const auto over = [](double used, const std::optional<double>& limit) { return limit && used > *limit * (1 + 1e-12); };
  if (!again.violations.empty()) return ViolationTexts(again.violations).front();
  for (const Budget budget : kEveryBudget) {
    if (over(again.used[budget], Limit(problem, budget))) return std::string("over ") + kBudgetInfos[budget].name;
  }
  if (!std::isfinite(again.score.objective)) return "an objective that is no number";
  const base::Json report = DesignReportJson(problem, result, "problem.yaml");
  base::JsonText(report);  // throws for a number that JSON does not have
  if (report.at("objective").get<double>() != again.score.objective) return "the report's objective is not the network's";
  if (report.at("upper_bound").is_null()) return "";
  const double bound = report.at("upper_bound").get<double>();
  if (!(bound >= again.score.objective))
    return fmt::format("the bound {:.17g} is below the design's {:.17g}", bound, again.score.objective);
  if (random.planted && bound < Assess(problem, ToNetwork(problem, *random.planted)).score.objective)
    return "the bound is below a structure";
  return "";
}

}  // namespace

RandomProblem MakeRandomProblem(uint64_t number, double time_limit_seconds) {
  base::Random random(1, base::RandomPurpose::kSearch, 2, number);
  RandomProblem made;
  made.yaml = ProblemYaml(random, number, time_limit_seconds);
  const base::Config config = base::Config::FromText(made.yaml);
  made.problem = ProblemFromConfig(config);
  config.CheckAllRead();
  const bool plant = random.Bernoulli(0.7);
  std::optional<Candidate> structure;
  try {
    const DesignProblem tight = WithTightRanges(made.problem);
    if (plant) structure = RandomStructure(tight, random);
  } catch (const base::Error& error) {  // the rules alone leave nothing: the solver has to say so
    if (error.kind() != base::ErrorKind::kInfeasible) throw;
  }
  if (structure) {
    PlantBudgets(made.problem, *structure, random);
    made.planted = structure;
  } else {
    DrawBudgets(made.problem, random);
  }
  return made;
}

Answer SolveAndCheck(const RandomProblem& random) {
  Answer answer;
  const auto start = std::chrono::steady_clock::now();
  try {
    const DesignResult result = Design(random.problem);
    answer.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    const std::string fault = FaultOf(random, result);
    answer.kind = fault.empty() ? AnswerKind::kDesign : AnswerKind::kWrong;
    answer.text = fault.empty() ? DesignStatusName(result.status) : fault;
    if (random.planted) {
      answer.over_planted =
          result.assessment.score.objective - Assess(random.problem, ToNetwork(random.problem, *random.planted)).score.objective;
    }
  } catch (const base::Error& error) {
    answer.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    answer.text = error.what();
    if (error.kind() != base::ErrorKind::kInfeasible) return answer;
    const bool admits_more = answer.text.find("no structure found") != std::string::npos;  // not proven
    if (random.planted && !admits_more) {
      answer.text = "a problem with a structure is called infeasible: " + answer.text;
    } else {
      answer.kind = random.planted ? AnswerKind::kMissed : AnswerKind::kInfeasible;
    }
  } catch (const std::exception& error) {
    answer.text = error.what();
  }
  return answer;
}

}  // namespace deepmad::mad
