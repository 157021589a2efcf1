// deepmad study STUDY.yaml --out DIR: does the objective tell which structure trains better? Structures of one problem, one recipe, several
// seeds; every run a run folder like that of `train`. With `stages` in the file: a fixed experiment, a record a run.
#include <fmt/format.h>
#include <sys/resource.h>

#include "base/atomic_file.h"
#include "base/log.h"
#include "base/stop_signal.h"
#include "cli/command.h"
#include "cli/recipe_run.h"
#include "mad/report/design_report.h"
#include "mad/report/structure_svg.h"
#include "train/run/run.h"
#include "train/run/scored_run.h"
#include "train/study/run_records.h"
#include "train/study/staged_study.h"
#include "train/study/study_result.h"

namespace deepmad::cli {
namespace {

class StudyCommand : public Command {
 public:
  void Declare(CLI::App& app) override {
    app.add_option("--out", out_,
                   "folder for study.json, study.csv, study.md, study.png, structures/ and runs/; of a study in stages for structures.csv "
                   "and runs.jsonl; one that is there goes on");
    app.add_flag("--structures", structures_only_, "make the structures and end: train nothing");
    app.add_option("--priority", priority_, "of a study in stages: idle leaves the processor to all else that wants it")
        ->check(CLI::IsMember({"idle", "normal"}))
        ->capture_default_str();
  }
  std::string Example() const override { return "deepmad study configs/study/fashion.yaml --out studies/fashion --threads 1"; }

  void Run() override {
    const Split split = SplitArguments(1, 1, "study file");
    file_ = split.files[0];
    overrides_ = split.overrides;
    const train::StudyPlan plan = Read();
    if (common.dry_run) return Describe(plan);
    if (out_.empty()) throw base::UsageError("no --out folder given", "", "try " + Example());
    const auto load = [&](const std::vector<std::string>& overrides) { return Load(overrides); };
    if (!plan.stages.empty()) return RunStages(plan, train::FixedStructures(plan, load, out_));
    const std::vector<train::StudyStructure> structures = train::MakeStructures(plan, load, out_ + "/structures");
    if (structures_only_) return;
    std::vector<train::StudyRow> rows;
    for (const train::StudyStructure& structure : structures) rows.push_back({structure, {}, {}, 0});
    RunAll(plan, rows);

    const base::Json document = train::StudyDocument(plan, rows);
    const std::string table = train::StudyMarkdown(document);
    base::WriteFileAtomically(out_ + "/study.csv", train::StudyCsv(document));
    base::WriteFileAtomically(out_ + "/study.md", table);
    base::WriteFileAtomically(out_ + "/study.png", train::StudyPicture(document));
    base::WriteFileAtomically(out_ + "/study.json", base::JsonText(document));
    Print(document, table);
    base::LogInfo("written to " + out_);
    size_t failed = 0;
    for (const train::StudyRow& row : rows) failed += row.failures.size();
    if (failed == 0) return;
    throw base::FailedError(fmt::format("{} of {} runs failed", failed, rows.size() * plan.seeds.size()), out_ + "/study.json",
                            "the table is over the others; start again to try them again");
  }

 private:
  base::Config Load(std::vector<std::string> more) const {
    more.insert(more.begin(), overrides_.begin(), overrides_.end());
    return LoadConfig(file_, more, "seed");
  }

  // All keys but those of the recipe, which each run checks.
  train::StudyPlan Read() const {
    const base::Config config = Load({});
    train::StudyPlan plan = train::ReadStudyPlan(config);
    mad::ProblemFromConfig(config.Section("problem"));
    config.MarkRead("recipe");
    config.CheckAllRead();
    return plan;
  }

  base::Config Recipe(const std::string& name, int64_t seed, const std::vector<std::string>& changes = {}) const {
    return RecipeRun([this](const std::vector<std::string>& overrides) { return Load(overrides); }, name, seed, changes);
  }

  train::RunOptions Options() const {
    train::RunOptions options;
    options.device = common.device;
    options.threads = common.threads;
    return options;
  }

  double Score(const base::Json& summary, const std::string& metric) const {
    const base::Json& metrics = summary.at("metrics");
    if (const auto found = metrics.find(metric); found != metrics.end()) return found->get<double>();
    std::vector<std::string> names;
    for (const auto& [name, value] : metrics.items()) names.push_back(name);
    throw base::UnknownName("metric", metric, names, file_);
  }

  void RunStages(const train::StudyPlan& plan, const std::vector<train::StudyStructure>& structures) const {
    if (structures_only_) return;
    if (priority_ == "idle" && ::setpriority(PRIO_PROCESS, 0, 19) != 0) base::LogWarning("the priority could not be lowered");
    const train::StudyFolder folder{out_};
    const auto known = [&](const std::map<std::string, base::Json>& records) { return train::RunsOfStages(plan, records); };
    const train::StudyProgress progress = train::WorkThrough(
        known, structures, folder, [&](const train::StudyRun& run, const train::StudyStructure& structure, const std::string& run_folder) {
          train::RunOptions options = Options();
          options.out = run_folder;
          const auto config = [&](const std::vector<std::string>& more) {
            std::vector<std::string> changes = run.changes;
            changes.insert(changes.end(), more.begin(), more.end());
            return Recipe(run.structure, run.seed, changes);
          };
          return train::TrainAndScore(config, structure.network, options, run.test);
        });
    const base::Json document = {{"study", plan.name},
                                 {"done", progress.done},
                                 {"known", progress.known},
                                 {"elsewhere", progress.elsewhere},
                                 {"complete", progress.complete},
                                 {"records", folder.records()}};
    Print(document, fmt::format("{}: {} of {} runs have a record in {}, {} are at work in other processes{}\n", plan.name, progress.done,
                                progress.known, folder.records(), progress.elsewhere, progress.complete ? "; complete" : ""));
  }

  void RunAll(const train::StudyPlan& plan, std::vector<train::StudyRow>& rows) const {
    const size_t all = rows.size() * plan.seeds.size();
    size_t done = 0;
    for (const int64_t seed : plan.seeds) {
      for (train::StudyRow& row : rows) {
        if (base::StopRequested()) {
          throw base::Error(base::ErrorKind::kStopped, fmt::format("stopped after {} of {} runs", done, all), out_, "start again to go on");
        }
        const std::string end = RunOne(plan, seed, row);
        base::LogInfo(fmt::format("run {}/{}: {}, seed {}: {}", ++done, all, row.structure.name, seed, end));
      }
    }
  }

  // A run that fails at its work, by a loss that is no number for example, is one result among the others.
  std::string RunOne(const train::StudyPlan& plan, int64_t seed, train::StudyRow& row) const {
    train::RunOptions options = Options();
    options.out = fmt::format("{}/runs/{}/seed-{}", out_, row.structure.name, seed);
    options.design_report = base::ReadFile(fmt::format("{}/structures/{}/report.json", out_, row.structure.name));
    options.structure_svg = mad::StructureSvg(row.structure.network);
    try {
      const base::Json summary = train::TrainRun(Recipe(row.structure.name, seed), row.structure.network, options).summary;
      row.scores.push_back(Score(summary, plan.metric));
      row.train_seconds += summary.at("train_seconds").get<double>();
      return fmt::format("{} {:.4f}", plan.metric, row.scores.back());
    } catch (const base::Error& error) {
      if (error.kind() != base::ErrorKind::kFailed) throw;
      row.failures.push_back(fmt::format("seed {}: {}", seed, error.what()));
      return error.what();
    }
  }

  void Describe(const train::StudyPlan& plan) const {
    const mad::DesignProblem problem = mad::ProblemFromConfig(Load({}).Section("problem"));
    std::vector<std::string> names;
    for (const train::StructureWish& wish : plan.wishes) names.push_back(wish.name);
    base::Json document = {{"study", plan.name},      {"structures", names},
                           {"seeds", plan.seeds},     {"runs", names.size() * plan.seeds.size()},
                           {"problem", problem.name}, {"metric", plan.metric}};
    if (!plan.stages.empty()) {
      const train::StageRuns stages = train::RunsOfStages(plan, train::RunRecords(train::StudyFolder{out_}.records()).Read());
      document["runs"] = stages.runs.size();
      document["all_known"] = stages.complete;
    }
    std::string text = fmt::format("{}: {} structures of problem {}, {} seeds, {} runs\n", plan.name, names.size(), problem.name,
                                   plan.seeds.size(), document.at("runs").get<size_t>());
    for (const train::StructureWish& wish : plan.wishes)
      text += fmt::format("  {:<24} {}\n", wish.name, train::StructureOriginName(wish.origin));
    Print(document, text);
  }

  std::string out_, file_, priority_ = "idle";
  bool structures_only_ = false;
  std::vector<std::string> overrides_;
};

}  // namespace

DEEPMAD_REGISTER(CommandRegistry, "study", "train structures of one problem by one recipe: does the objective order them?",
                 [] { return std::make_unique<StudyCommand>(); });

}  // namespace deepmad::cli
