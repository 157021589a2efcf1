// deepmad tune TUNE.yaml --out DIR: chooses a network by training what mathematics cannot decide. Designs under several bounds and
// hand-made shapes at the same budgets are trained by successive halving on the user's data; the best is trained in full.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <thread>

#include "base/atomic_file.h"
#include "base/folder_lock.h"
#include "base/log.h"
#include "base/nearest.h"
#include "base/stop_signal.h"
#include "cli/command.h"
#include "cli/helper_processes.h"
#include "cli/recipe_run.h"
#include "mad/report/design_report.h"
#include "mad/report/structure_svg.h"
#include "train/loop/divergence.h"
#include "train/run/run.h"
#include "train/run_folder/result_digest.h"
#include "train/study/run_records.h"
#include "train/study/staged_study.h"
#include "train/tune/leaderboard.h"

namespace deepmad::cli {
namespace {

using Records = std::map<std::string, base::Json>;
using train::TuneCandidates;

// What is known before the first training.
struct Tuning {
  train::TunePlan plan;
  TuneCandidates candidates;
  train::FullTraining full;
  std::vector<train::Rung> rungs;
};

class TuneCommand : public Command {
 public:
  void Declare(CLI::App& app) override {
    app.add_option("--out", out_, "folder for leaderboard.json, report.html, candidates/, trials/ and best/; a tuning found there goes on");
    app.add_option("--jobs", jobs_, "processes on this machine that share the trainings; others may join with the same command and folder")
        ->check(CLI::Range(1, 1024))
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast)
        ->capture_default_str();
  }
  std::string Example() const override { return "deepmad tune configs/tune/fashion.yaml --out tunings/fashion --jobs 2"; }

  void Run() override {
    const Split split = SplitArguments(1, 1, "tuning file");
    file_ = split.files[0];
    overrides_ = split.overrides;
    const train::TunePlan plan = Read();
    if (common.dry_run) return Describe(plan);
    if (out_.empty()) throw base::UsageError("no --out folder given", "", "try " + Example());
    const Tuning tuning = Begin(plan);
    std::optional<HelperProcesses> helpers;
    if (jobs_ > 1) helpers.emplace(jobs_ - 1, std::vector<std::string>{"--jobs", "1", "--quiet"});
    TrainTrials(tuning);
    if (helpers) {  // one of them may train the pick meanwhile
      const int code = helpers->Wait();
      if (code != 0 && !base::StopRequested()) base::LogWarning(fmt::format("a process of --jobs ended with exit code {}", code));
    }
    const std::unique_ptr<base::FolderLock> claim = train::TryClaim(Folder().claims() + "/best");
    if (claim == nullptr) return base::LogInfo("the full training of the pick is at work in another process");
    TrainPick(tuning);
  }

 private:
  base::Config Load(std::vector<std::string> more) const {
    more.insert(more.begin(), overrides_.begin(), overrides_.end());
    return LoadConfig(file_, more, "seed");
  }

  train::StudyConfig Changed() const {
    return [this](const std::vector<std::string>& overrides) { return Load(overrides); };
  }

  train::StudyFolder Folder() const { return {out_, "trials", /*keep_runs=*/true}; }

  // All keys but those of the recipe, which each training checks.
  train::TunePlan Read() const {
    const base::Config config = Load({});
    train::TunePlan plan = train::ReadTunePlan(config);
    mad::ProblemFromConfig(config.Section("problem"));
    config.MarkRead("recipe");
    config.CheckAllRead();
    return plan;
  }

  // The recipe as the configuration of one trial.
  base::Config TrialRecipe(const std::string& name, int64_t seed, const std::vector<std::string>& changes) const {
    const base::Config data = Load({}).Section("recipe").Section("data");
    if (data.IsNull("holdout")) {
      throw base::UsageError("a tuning chooses by samples held out from training", data.Where("holdout"),
                             "set recipe.data.holdout: {per_class: ...}");
    }
    return RecipeRun(Changed(), name, seed, changes);
  }

  // Results depend on the number of threads, so it is fixed whatever machine a process is on.
  int Threads() const { return common.threads > 0 ? common.threads : 1; }

  train::RunOptions Options(const std::string& folder) const {
    train::RunOptions options;
    options.device = common.device;
    options.threads = Threads();
    options.out = folder;
    return options;
  }

  // A text of everything that decides the result.
  std::string Source(const train::TunePlan& plan) const {
    const base::Config config = Load({});
    base::Json source = {{"name", plan.name}, {"seed", plan.seed}, {"metric", plan.metric}, {"threads", Threads()}};
    for (const char* section : {"problem", "candidates", "tune"}) source[section] = config.Section(section).Resolved();
    source["recipe"] = train::WithoutPlaces(config.Section("recipe").Resolved());
    return base::JsonText(source);
  }

  Tuning Begin(const train::TunePlan& plan) const {
    const auto check = [&](const TuneCandidates& candidates) { Planned(plan, candidates); };
    return Planned(plan, train::MakeCandidates(plan, Changed(), Source(plan), out_, check));
  }

  // Finds out by the recipe how long a full training is, and whether it has the metric.
  Tuning Planned(const train::TunePlan& plan, const TuneCandidates& candidates) const {
    const mad::NetworkSpec& network = candidates.structures.front().network;
    const base::Json run = train::DescribeRun(TrialRecipe(network.name, plan.seed, {}), network, Options(""));
    const std::vector<std::string> metrics = run.at("metrics");
    if (std::find(metrics.begin(), metrics.end(), plan.metric) == metrics.end())
      throw base::UnknownName("metric", plan.metric, metrics, file_);
    const train::FullTraining full{run.at("updates").get<int64_t>(), run.at("epochs").get<int64_t>()};
    return {plan, candidates, full, train::PlanRungs(plan, static_cast<int>(candidates.structures.size()), full.updates)};
  }

  // Until every trial has its record; other processes may be at work on some of them.
  void TrainTrials(const Tuning& tuning) const {
    std::vector<std::vector<std::string>> changes;
    for (const train::Rung& rung : tuning.rungs) {
      changes.push_back(train::ShortTraining(TrialRecipe("trial", tuning.plan.seed, {}), tuning.full, rung.updates));
    }
    const auto known = [&](const Records& records) {
      return train::RunsOfRungs(tuning.plan, tuning.candidates, tuning.rungs, changes, records);
    };
    const auto execute = [&](const train::StudyRun& run, const train::StudyStructure& structure, const std::string& folder) {
      return TrainTrial(tuning.plan, run, structure, folder);
    };
    while (!train::WorkThrough(known, tuning.candidates.structures, Folder(), execute).complete) {
      if (base::StopRequested()) throw base::Error(base::ErrorKind::kStopped, "stopped while others train", out_, "start again to go on");
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
    }
  }

  // The part of a trial's record that training decides. A training that diverges is an outcome: its score is null.
  base::Json TrainTrial(const train::TunePlan& plan, const train::StudyRun& run, const train::StudyStructure& structure,
                        const std::string& folder) const {
    try {
      const base::Json metrics =
          train::TrainRun(TrialRecipe(structure.name, run.seed, run.changes), structure.network, Options(folder)).summary.at("metrics");
      return {{"status", "finished"}, {"score", metrics.at(plan.metric)}, {"metrics", metrics}};
    } catch (const base::Error& error) {
      if (!train::IsDivergence(error)) throw;
      return {{"status", "diverged"}, {"score", nullptr}, {"error", error.what()}};
    }
  }

  // With all samples, those held out from the trials among them.
  void TrainPick(const Tuning& tuning) const {
    const Records records = train::RunRecords(Folder().records()).Read();
    const auto results = train::AllResults(tuning.plan, tuning.candidates, tuning.rungs, records);
    const mad::DesignProblem problem = mad::ProblemFromConfig(Load({}).Section("problem"));
    base::Json board = train::Leaderboard(tuning.plan, tuning.candidates, tuning.rungs, tuning.full.updates, results, problem);
    const train::StudyStructure& pick = PickOf(tuning.candidates, board.at("pick"));
    Write(board, pick.network);

    train::RunOptions options = Options(out_ + "/best");
    base::Json report = {{"version", 1}, {"network", "network.yaml"}};
    report.update(mad::AssessmentJson(problem, pick.assessment));
    options.design_report = base::JsonText(report);
    options.structure_svg = mad::StructureSvg(pick.network);
    const std::vector<std::string> changes = {"data.holdout=null", tuning.plan.rate_key + "=" + results.back().front().rate};
    const base::Json summary = train::TrainRun(RecipeRun(Changed(), pick.name, tuning.plan.seed, changes), pick.network, options).summary;
    board["best"] = {{"folder", "best"}, {"metrics", summary.at("metrics")}, {"samples", summary.at("samples")}};
    Write(board, pick.network);
    std::string text = train::LeaderboardText(board) + "trained in full:\n";
    for (const auto& [name, value] : summary.at("metrics").items()) text += fmt::format("  {:<14} {:.4f}\n", name, value.get<double>());
    Print(board, text + fmt::format("  {:<14} {}\n", "run folder", options.out));
  }

  void Write(const base::Json& board, const mad::NetworkSpec& pick) const {
    base::WriteFileAtomically(out_ + "/report.html", train::LeaderboardPage(board, mad::StructureSvg(pick)));
    base::WriteFileAtomically(out_ + "/leaderboard.json", base::JsonText(board));
  }

  static const train::StudyStructure& PickOf(const TuneCandidates& candidates, const std::string& name) {
    return *std::find_if(candidates.structures.begin(), candidates.structures.end(),
                         [&](const train::StudyStructure& one) { return one.name == name; });
  }

  // The cost before anything starts: candidates are solved, nothing is trained or written.
  void Describe(const train::TunePlan& plan) const {
    const Tuning tuning = Planned(plan, train::SolveCandidates(plan, Changed()));
    const TuneCandidates& candidates = tuning.candidates;
    const int64_t full_updates = tuning.full.updates;
    base::Json document = {{"name", plan.name},
                           {"cost", train::CostOf(tuning.rungs, full_updates)},
                           {"full_updates", full_updates},
                           {"candidates", base::Json::array()},
                           {"left_out", base::Json::array()},
                           {"rungs", base::Json::array()}};
    std::string text = fmt::format("{}: {} candidates, {:.2f} full trainings of {} updates in all\n", plan.name,
                                   candidates.structures.size(), document.at("cost").get<double>(), full_updates);
    for (const train::StudyStructure& one : candidates.structures) {
      const double flops = one.assessment.used[mad::kFlops], params = one.assessment.used[mad::kParams];
      document["candidates"].push_back({{"name", one.name}, {"kind", one.group}, {"flops", flops}, {"params", params}});
      text += fmt::format("  {:<24} {:<10} {:.4g} FLOPs, {:.4g} parameters\n", one.name, one.group, flops, params);
    }
    for (const train::LeftOut& one : candidates.left_out) {
      document["left_out"].push_back({{"name", one.name}, {"reason", one.reason}});
      text += fmt::format("  left out: {}: {}\n", one.name, one.reason);
    }
    for (const train::Rung& rung : tuning.rungs) {
      document["rungs"].push_back({{"runs", rung.Runs()}, {"updates", rung.updates}});
      text += fmt::format("  rung {}: {} trainings of {} updates\n", document.at("rungs").size() - 1, rung.Runs(), rung.updates);
    }
    Print(document, text);
  }

  std::string out_, file_;
  std::vector<std::string> overrides_;
  int jobs_ = 1;
};

}  // namespace

DEEPMAD_REGISTER(CommandRegistry, "tune", "choose a network by training: designs and hand-made shapes at the same budgets",
                 [] { return std::make_unique<TuneCommand>(); });

}  // namespace deepmad::cli
