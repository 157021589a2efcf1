// deepmad sweep PROBLEM.yaml --out DIR --vary KEY=LOW:HIGH:COUNT
#include <fmt/format.h>

#include <filesystem>

#include "base/atomic_file.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/stop_signal.h"
#include "cli/command.h"
#include "mad/design/sweep.h"
#include "mad/report/design_report.h"
#include "train/report/curves.h"

namespace deepmad::cli {
namespace {

namespace fs = std::filesystem;

// A series a walk's picture shows: one number of each report.
train::CurveSeries Series(const std::string& name, const std::vector<mad::SweepPoint>& points,
                          const std::function<base::Json(const base::Json&)>& number) {
  train::CurveSeries series{name, {}, {}};
  for (const mad::SweepPoint& point : points) {
    const base::Json value = point.HasDesign() ? number(point.report) : base::Json();
    series.x.push_back(point.values[0]);
    series.y.push_back(value.is_number() ? value.get<double>() : std::numeric_limits<double>::quiet_NaN());
  }
  return series;
}

bool HasNumbers(const train::CurveSeries& series) {
  return std::any_of(series.y.begin(), series.y.end(), [](double y) { return std::isfinite(y); });
}

// Objective, shares of the budgets and entropies of the stages against the first axis.
std::string Picture(const std::string& title, const std::vector<mad::SweepAxis>& axes, const std::vector<mad::SweepPoint>& points) {
  train::CurvePanel objective{title, axes[0].key, {}, false}, shares{"share of each budget", axes[0].key, {}, true},
      entropies{"entropy of each stage", axes[0].key, {}, false};
  objective.series.push_back(Series("objective", points, [](const base::Json& report) { return report.at("objective"); }));
  train::CurveSeries bound = Series("proven bound", points, [](const base::Json& report) { return report.at("upper_bound"); });
  if (HasNumbers(bound)) objective.series.push_back(bound);
  size_t stages = 0;
  std::vector<std::string> names;
  for (const mad::SweepPoint& point : points) {
    if (!point.HasDesign()) continue;
    stages = point.report.at("entropy").at("stages").size();
    names.clear();
    for (const auto& [name, budget] : point.report.at("budgets").items()) names.push_back(name);
  }
  for (const std::string& name : names) {
    train::CurveSeries share = Series(name, points, [&](const base::Json& report) { return report.at("budgets").at(name).at("share"); });
    if (HasNumbers(share)) shares.series.push_back(share);
  }
  for (size_t s = 0; s < stages; ++s) {
    entropies.series.push_back(
        Series(fmt::format("{}", s), points, [&](const base::Json& report) { return report.at("entropy").at("stages").at(s); }));
  }
  std::vector<train::CurvePanel> panels{objective};
  if (!shares.series.empty()) panels.push_back(shares);
  panels.push_back(entropies);
  return train::CurvesPng(panels);
}

class SweepCommand : public Command {
 public:
  void Declare(CLI::App& app) override {
    app.add_option("--out", out_, "folder for sweep.csv, sweep.png and points/");
    app.add_option("--vary", vary_, "KEY=LOW:HIGH:COUNT[:linear] or KEY=V1,V2,...; several are walked together")->allow_extra_args(false);
  }
  std::string Example() const override {
    return "deepmad sweep r18-224.yaml --out sweeps/flops --vary budgets.flops=0.5e9:4e9:30 solver.work_limit=0.5";
  }

  void Run() override {
    const Split split = SplitArguments(1, 1, "problem file");
    file_ = split.files[0];
    overrides_ = split.overrides;
    for (const std::string& text : vary_) axes_.push_back(mad::ParseSweepAxis(text));
    if (axes_.empty()) throw base::UsageError("nothing to walk over", "", "give --vary, as in " + Example());
    mad::CheckSameLength(axes_);
    const size_t count = axes_[0].values.size();
    for (size_t i = 0; i < count; ++i) ProblemOf(i);  // a bad value is found before hours of work
    if (common.dry_run) return Describe(count);
    if (out_.empty()) throw base::UsageError("no --out folder given", "", "try " + Example());

    base::CreateFolder(out_);
    std::vector<mad::SweepPoint> points;
    base::Progress progress({.label = "sweep", .total = static_cast<int64_t>(count), .unit = "points"});
    for (size_t i = 0; i < count; ++i) {
      if (base::StopRequested()) {
        throw base::Error(base::ErrorKind::kStopped, fmt::format("stopped after {} of {} points", i, count), out_, "start again to go on");
      }
      points.push_back(Solve(i));
      const base::Json& report = points.back().report;
      progress.Update(static_cast<int64_t>(i) + 1,
                      points.back().HasDesign() ? fmt::format("objective {:.1f}", report.at("objective").get<double>()) : "infeasible");
    }
    progress.Finish();
    mad::MarkFront(axes_, points);
    const std::string name = ProblemOf(0).problem.name;
    base::WriteFileAtomically(out_ + "/sweep.csv", mad::SweepCsv(axes_, points));
    base::WriteFileAtomically(out_ + "/sweep.png", Picture(name, axes_, points));
    Print(Document(name, points), name + "\n" + mad::SweepTable(axes_, points));
    base::LogInfo("written to " + out_);
    if (std::none_of(points.begin(), points.end(), [](const mad::SweepPoint& point) { return point.HasDesign(); })) {
      throw base::InfeasibleError(fmt::format("none of the {} points has a design", count), name, "raise the budgets that sweep.csv names");
    }
  }

 private:
  struct Step {
    mad::DesignProblem problem;
    std::string resolved;  // as YAML; the same text means the same answer
  };
  Step ProblemOf(size_t i) const {
    std::vector<std::string> overrides = overrides_;
    for (const mad::SweepAxis& axis : axes_) overrides.push_back(axis.Assignment(i));
    const base::Config config = LoadConfig(file_, overrides, "solver.seed");
    Step step{mad::ProblemFromConfig(config), ""};
    if (common.threads > 0) step.problem.solver.threads = common.threads;
    config.CheckAllRead();
    step.resolved = config.Resolved();
    return step;
  }

  std::string PointFolder(size_t i) const { return fmt::format("{}/points/{:03}", out_, i); }

  // From the point's folder where the same problem was solved before.
  mad::SweepPoint Solve(size_t i) {
    Step step = ProblemOf(i);
    mad::SweepPoint point;
    for (const mad::SweepAxis& axis : axes_) point.values.push_back(axis.values[i]);
    const std::string folder = PointFolder(i);
    if (fs::exists(folder + "/report.json") && base::ReadFile(folder + "/problem.yaml") == step.resolved) {
      point.report = base::Json::parse(base::ReadFile(folder + "/report.json"), nullptr, /*allow_exceptions=*/false);
      if (point.report.is_discarded()) {
        throw base::FailedError("not a JSON document", folder + "/report.json", "remove the folder and start again");
      }
      if (point.HasDesign()) neighbour_ = mad::LoadNetwork(folder + "/network.yaml");
      return point;
    }
    mad::DesignResult result;
    if (neighbour_) step.problem.solver.start = mad::ToCandidate(step.problem, *neighbour_);
    std::string message;
    try {
      result = mad::Design(step.problem);
    } catch (const base::Error& error) {
      if (error.kind() != base::ErrorKind::kInfeasible) throw;
      message = error.what();
    }
    if (neighbour_) mad::PreferNeighbour(step.problem, *neighbour_, result);
    base::CreateFolder(folder);
    base::WriteFileAtomically(folder + "/problem.yaml", step.resolved);
    if (result.IsUsable()) {
      neighbour_ = result.network;
      point.report = mad::DesignReportJson(step.problem, result, "problem.yaml");
      base::WriteFileAtomically(folder + "/network.yaml", mad::NetworkToYaml(result.network));
    } else {
      point.report = {{"version", 1}, {"problem", "problem.yaml"}, {"status", "infeasible"}, {"message", message}};
    }
    base::WriteFileAtomically(folder + "/report.json", base::JsonText(point.report));
    return point;
  }

  base::Json Document(const std::string& name, const std::vector<mad::SweepPoint>& points) const {
    base::Json document = {{"version", 1}, {"problem", name}, {"axes", base::Json::array()}, {"points", base::Json::array()}};
    for (const mad::SweepAxis& axis : axes_) document["axes"].push_back({{"key", axis.key}, {"values", axis.values}});
    for (size_t i = 0; i < points.size(); ++i) {
      document["points"].push_back(
          {{"folder", PointFolder(i)}, {"values", points[i].values}, {"on_front", points[i].on_front}, {"report", points[i].report}});
    }
    return document;
  }

  void Describe(size_t count) const {
    const mad::DesignProblem first = ProblemOf(0).problem;
    const auto of_all = [&](const std::optional<double>& limit) {
      return limit ? base::Json(*limit * static_cast<double>(count)) : base::Json(nullptr);
    };
    base::Json document = {{"problem", first.name},
                           {"points", count},
                           {"work_at_most", of_all(first.solver.work_limit)},
                           {"seconds_at_most", of_all(first.solver.time_limit_seconds)},
                           {"axes", base::Json::array()}};
    std::string text =
        fmt::format("{}: {} points, solver {}, each with {}\n", first.name, count, first.solver.name, mad::LimitsText(first.solver));
    for (const mad::SweepAxis& axis : axes_) {
      document["axes"].push_back({{"key", axis.key}, {"values", axis.values}});
      text += fmt::format("  {}: {:.6g} to {:.6g}\n", axis.key, axis.values.front(), axis.values.back());
    }
    Print(document, text);
  }

  std::string out_, file_;
  std::vector<std::string> vary_, overrides_;
  std::vector<mad::SweepAxis> axes_;
  std::optional<mad::NetworkSpec> neighbour_;  // the last design
};

}  // namespace

DEEPMAD_REGISTER(CommandRegistry, "sweep", "walk a budget or weight of a design problem: Pareto front as CSV and picture",
                 [] { return std::make_unique<SweepCommand>(); });

}  // namespace deepmad::cli
