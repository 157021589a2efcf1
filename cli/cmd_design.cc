// deepmad design PROBLEM.yaml --out DIR
#include <fmt/format.h>

#include "base/atomic_file.h"
#include "base/log.h"
#include "cli/command.h"
#include "mad/design/design.h"
#include "mad/problem/feasibility.h"
#include "mad/report/design_report.h"
#include "mad/report/structure_svg.h"

namespace deepmad::cli {
namespace {

class DesignCommand : public Command {
 public:
  void Declare(CLI::App& app) override { app.add_option("--out", out_, "folder for network.yaml, report.json, structure.svg"); }
  std::string Example() const override { return "deepmad design configs/design/r18-224.yaml --out designs/r18 budgets.flops=1.5e9"; }

  void Run() override {
    const Split split = SplitArguments(1, 1, "problem file");
    const base::Config config = LoadConfig(split.files[0], split.overrides, "solver.seed");
    mad::DesignProblem problem = mad::ProblemFromConfig(config);
    if (common.threads > 0) problem.solver.threads = common.threads;
    config.CheckAllRead();
    if (common.dry_run) return Describe(problem);
    if (out_.empty()) throw base::UsageError("no --out folder given", "", "try " + Example());

    const mad::DesignResult result = mad::Design(problem);
    const base::Json report = mad::DesignReportJson(problem, result, "problem.yaml");
    base::CreateFolder(out_);
    base::WriteFileAtomically(out_ + "/problem.yaml", config.Resolved());
    base::WriteFileAtomically(out_ + "/network.yaml", mad::NetworkToYaml(result.network));
    base::WriteFileAtomically(out_ + "/structure.svg", mad::StructureSvg(result.network));
    base::WriteFileAtomically(out_ + "/report.json", base::JsonText(report));
    Print(report, mad::DesignTable(problem, result));
    base::LogInfo("written to " + out_);
  }

 private:
  void Describe(const mad::DesignProblem& problem) const {
    const mad::DesignProblem tight = mad::WithTightRanges(problem);
    const mad::NetworkSpec smallest = mad::ToNetwork(tight, mad::SmallestCandidate(tight));
    const mad::Assessment assessment = mad::Assess(problem, smallest);
    const auto or_null = [](const std::optional<double>& limit) { return limit ? base::Json(*limit) : base::Json(nullptr); };
    base::Json document = {{"problem", problem.name},
                           {"solver", problem.solver.name},
                           {"work_limit", or_null(problem.solver.work_limit)},
                           {"time_limit_seconds", or_null(problem.solver.time_limit_seconds)}};
    document["smallest"] = mad::AssessmentJson(problem, assessment);
    Print(document, fmt::format("{}: {} stages, solver {}, {}. The smallest structure it admits:\n{}{}", problem.name, problem.Stages(),
                                problem.solver.name, mad::LimitsText(problem.solver), mad::StageTable(smallest),
                                mad::BudgetTable(problem, assessment)));
  }

  std::string out_;
};

}  // namespace

DEEPMAD_REGISTER(CommandRegistry, "design", "solve a design problem for the best structure within its budgets",
                 [] { return std::make_unique<DesignCommand>(); });

}  // namespace deepmad::cli
