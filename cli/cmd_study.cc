// deepmad study STUDY.yaml --out DIR: does the objective tell which structure trains better? Structures of one problem, one recipe, several
// seeds; every run a run folder like that of `train`.
#include <fmt/format.h>

#include "base/atomic_file.h"
#include "base/log.h"
#include "base/stop_signal.h"
#include "cli/command.h"
#include "cli/study_result.h"
#include "mad/report/design_report.h"
#include "mad/report/structure_svg.h"
#include "train/run/run.h"

namespace deepmad::cli {
namespace {

class StudyCommand : public Command {
 public:
  void Declare(CLI::App& app) override {
    app.add_option("--out", out_,
                   "folder for study.json, study.csv, study.md, study.png, structures/ and runs/; one that is there goes on");
  }
  std::string Example() const override { return "deepmad study configs/study/fashion.yaml --out studies/fashion --threads 1"; }

  void Run() override {
    const Split split = SplitArguments(1, 1, "study file");
    file_ = split.files[0];
    overrides_ = split.overrides;
    const StudyPlan plan = Read();
    if (common.dry_run) return Describe(plan);
    if (out_.empty()) throw base::UsageError("no --out folder given", "", "try " + Example());
    const std::vector<StudyStructure> structures = MakeStructures(
        plan, [&](const std::vector<std::string>& overrides) { return Load(overrides); }, out_ + "/structures");
    std::vector<StudyRow> rows;
    for (const StudyStructure& structure : structures) rows.push_back({structure, {}, {}, 0});
    RunAll(plan, rows);

    const base::Json document = StudyDocument(plan, rows);
    const std::string table = StudyMarkdown(document);
    base::WriteFileAtomically(out_ + "/study.csv", StudyCsv(document));
    base::WriteFileAtomically(out_ + "/study.md", table);
    base::WriteFileAtomically(out_ + "/study.png", StudyPicture(document));
    base::WriteFileAtomically(out_ + "/study.json", base::JsonText(document));
    Print(document, table);
    base::LogInfo("written to " + out_);
    size_t failed = 0;
    for (const StudyRow& row : rows) failed += row.failures.size();
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
  StudyPlan Read() const {
    const base::Config config = Load({});
    StudyPlan plan = ReadStudyPlan(config);
    mad::ProblemFromConfig(config.Section("problem"));
    config.MarkRead("recipe");
    config.CheckAllRead();
    return plan;
  }

  // The recipe as the configuration of one run, which lies beside its network. A recipe may be a run of its own, with what is not asked of
  // it.
  base::Config Recipe(const std::string& name, int64_t seed) const {
    const base::Config recipe =
        Load({"recipe.name=" + name, fmt::format("recipe.seed={}", seed), "recipe.design=null", "recipe.network=network.yaml"})
            .Section("recipe");
    for (const char* other : {"design", "network", "classes_from_data", "export", "published"}) recipe.MarkRead(other);
    return recipe;
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

  void RunAll(const StudyPlan& plan, std::vector<StudyRow>& rows) const {
    const size_t all = rows.size() * plan.seeds.size();
    size_t done = 0;
    for (const int64_t seed : plan.seeds) {
      for (StudyRow& row : rows) {
        if (base::StopRequested()) {
          throw base::Error(base::ErrorKind::kStopped, fmt::format("stopped after {} of {} runs", done, all), out_, "start again to go on");
        }
        const std::string end = RunOne(plan, seed, row);
        base::LogInfo(fmt::format("run {}/{}: {}, seed {}: {}", ++done, all, row.structure.name, seed, end));
      }
    }
  }

  // A run that fails at its work, by a loss that is no number for example, is one result among the others.
  std::string RunOne(const StudyPlan& plan, int64_t seed, StudyRow& row) const {
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

  void Describe(const StudyPlan& plan) const {
    const mad::DesignProblem problem = mad::ProblemFromConfig(Load({}).Section("problem"));
    std::vector<std::string> names;
    for (const StructureWish& wish : plan.wishes) names.push_back(wish.name);
    const base::Json document = {{"study", plan.name},      {"structures", names},
                                 {"seeds", plan.seeds},     {"runs", names.size() * plan.seeds.size()},
                                 {"problem", problem.name}, {"metric", plan.metric}};
    std::string text = fmt::format("{}: {} structures of problem {}, {} seeds, {} runs\n", plan.name, names.size(), problem.name,
                                   plan.seeds.size(), names.size() * plan.seeds.size());
    for (const StructureWish& wish : plan.wishes) text += fmt::format("  {:<24} {}\n", wish.name, StructureOriginName(wish.origin));
    Print(document, text);
  }

  std::string out_, file_;
  std::vector<std::string> overrides_;
};

}  // namespace

DEEPMAD_REGISTER(CommandRegistry, "study", "train structures of one problem by one recipe: does the objective order them?",
                 [] { return std::make_unique<StudyCommand>(); });

}  // namespace deepmad::cli
