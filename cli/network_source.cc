#include "cli/network_source.h"

#include <filesystem>

#include "base/error.h"
#include "base/text_file.h"
#include "mad/design/design.h"
#include "mad/report/design_report.h"
#include "train/run/run.h"

namespace deepmad::cli {
namespace {

namespace fs = std::filesystem;

mad::DesignProblem ProblemOfRun(const base::Config& run) {
  return run.IsScalar("design") ? mad::LoadProblem(run.GetPath("design")) : mad::ProblemFromConfig(run.Section("design"));
}

mad::NetworkSpec GivenNetwork(const base::Config& run) {
  return run.IsScalar("network") ? mad::LoadNetwork(run.GetPath("network")) : mad::NetworkFromConfig(run.Section("network"));
}

// Of a network for as many classes as the data have, where the run asks for it: budgets and structure stay those of its own head.
mad::NetworkSpec WithClassesOfData(const base::Config& run, mad::NetworkSpec network) {
  if (run.GetBool("classes_from_data", false) && network.head.classes > 0) network.head.classes = train::CountClasses(run);
  return network;
}

NetworkSource FromNetwork(const mad::NetworkSpec& network) {
  const mad::DesignProblem problem = mad::NeutralProblem(network, mad::PaperFormulation());
  const mad::Assessment assessment = mad::Assess(problem, network);
  base::Json report = {{"version", 1}, {"network", "network.yaml"}};
  report.update(mad::AssessmentJson(problem, assessment));
  return {network, report, network.name + "\n" + mad::StageTable(network) + mad::BudgetTable(problem, assessment)};
}

bool IsDesigned(const base::Config& run) {
  const bool designed = !run.IsNull("design"), given = !run.IsNull("network");
  if (designed == given) {
    throw base::UsageError(designed ? "both `design` and `network` are given" : "neither `design` nor `network` is given", run.Where(),
                           "give a problem under `design`, or a structure under `network`");
  }
  return designed;
}

}  // namespace

NetworkSource FromNetworkFile(const std::string& file) { return FromNetwork(mad::LoadNetwork(file)); }

NetworkSource NetworkOfRun(const base::Config& run) {
  if (!IsDesigned(run)) return FromNetwork(WithClassesOfData(run, GivenNetwork(run)));
  const mad::DesignProblem problem = ProblemOfRun(run);
  const mad::DesignResult result = mad::Design(problem);
  return {WithClassesOfData(run, result.network), mad::DesignReportJson(problem, result, "config.yaml"), mad::DesignTable(problem, result)};
}

NetworkSource NetworkOfRun(const base::Config& run, const std::string& folder) {
  const fs::path network = fs::path(folder) / "network.yaml", report = fs::path(folder) / "report.json";
  // A run's config.yaml comes last: without it these files are another command's, or those of a run that was killed at its very start.
  const bool holds_run = fs::exists(fs::path(folder) / "config.yaml") && fs::exists(network) && fs::exists(report);
  if (!IsDesigned(run) || !holds_run) return NetworkOfRun(run);
  run.GetBool("classes_from_data", false);  // so that the resolved configuration is that of the first start
  const mad::DesignProblem problem = ProblemOfRun(run);
  const mad::NetworkSpec spec = mad::LoadNetwork(network.string());
  const base::Json document = base::Json::parse(base::ReadTextFile(report.string()), nullptr, /*allow_exceptions=*/false);
  if (document.is_discarded()) throw base::FailedError("not a JSON document", report.string(), "remove the folder and start again");
  return {spec, document,
          spec.name + " (designed before)\n" + mad::StageTable(spec) + mad::BudgetTable(problem, mad::Assess(problem, spec))};
}

}  // namespace deepmad::cli
