// deepmad run RUN.yaml --out DIR: design (or a given network), train, validate, weights, in one run folder. `train` is the same from a
// network that exists.
#include <fmt/format.h>

#include <filesystem>

#include "base/log.h"
#include "cli/command.h"
#include "cli/network_source.h"
#include "mad/report/structure_svg.h"
#include "train/distributed/joined_run.h"
#include "train/distributed/local_launcher.h"
#include "train/distributed/rank_consistency.h"
#include "train/run/run.h"
#include "train/run_folder/result_digest.h"

namespace deepmad::cli {
namespace {

class RunCommand : public Command {
 public:
  explicit RunCommand(bool may_design) : may_design_(may_design) {}

  void Declare(CLI::App& app) override {
    app.add_option("--out", out_, "run folder; a run of the same configuration found there goes on");
    app.add_option("--resume", resume_, "auto: go on with a run found in the folder; never: it is an error")
        ->check(CLI::IsMember({"auto", "never"}))
        ->capture_default_str();
    app.add_option("--profile", profile_, "file for a Chrome trace of some updates of this session; one a rank");
    app.add_option("--weights", weights_, "start from these weights (train.init.weights): safetensors, or a file of torch.save");
    app.add_option("--head", head_, "with --weights; drop: the classifier starts anew, for other classes (train.init.head)")
        ->check(CLI::IsMember({"strict", "drop"}));
    DeclareLocalRanks(app, local_ranks_);
  }
  std::string Example() const override {
    return may_design_
               ? "deepmad run configs/run/quickstart_fashion.yaml --out runs/quickstart train.epochs=3"
               : "deepmad train configs/run/quickstart_fashion.yaml --out runs/again design=null network=runs/quickstart/network.yaml";
  }

  void Run() override {
    const Split split = SplitArguments(1, 1, "run file");
    base::Config config = LoadConfig(split.files[0], split.overrides, "seed");
    if (!weights_.empty()) config.Override("train.init.weights=" + base::JsonLine(std::filesystem::absolute(weights_).string()));
    if (!head_.empty() && config.Section("train").Section("init").IsNull("weights")) {
      throw base::UsageError("--head without weights to start from", split.files[0], "give --weights FILE");
    }
    if (!head_.empty()) config.Override("train.init.head=" + head_);
    if (!may_design_ && !config.IsNull("design")) {
      throw base::UsageError("`train` starts from a network", config.Where("design"),
                             "use `deepmad run`, or give `network` in place of `design`");
    }
    for (const char* other : {"export", "published"}) config.MarkRead(other);
    if (common.dry_run) {
      train::RunOptions options = CommonRunOptions();
      const NetworkSource source = NetworkOfRun(config);
      const base::Json plan = train::DescribeRun(config, source.network, options);
      Print(plan, source.table + PlanText(plan));
      return;
    }
    if (out_.empty()) throw base::UsageError("no --out folder given", "", "try " + Example());
    train::LaunchLocalRanks(local_ranks_);
    train::WithRanks(common.device, [&](const train::RankGroup* ranks) { Train(config, ranks); });
  }

 private:
  train::RunOptions CommonRunOptions() const {
    train::RunOptions options;
    options.device = common.device;
    options.threads = common.threads;
    return options;
  }

  // Rank 0 designs: where a time limit ends the search, another rank would find something else.
  void Train(const base::Config& config, const train::RankGroup* ranks) const {
    train::RunOptions options = CommonRunOptions();
    options.out = out_;
    options.fresh = resume_ == "never";
    options.profile = profile_;
    options.ranks = ranks;
    if (ranks != nullptr) train::CheckAgreement("the configuration", train::WithoutPlaces(config.Resolved()), *ranks);
    if (ranks != nullptr && ranks->rank() > 0) {
      for (const char* key : {"design", "network", "classes_from_data"}) config.MarkRead(key);
      train::TrainRun(config, mad::NetworkFromConfig(base::Config::FromText(ranks->Broadcast(""), "rank 0's network")), options);
      return;
    }
    const NetworkSource source = NetworkOfRun(config, out_);
    if (ranks != nullptr) ranks->Broadcast(mad::NetworkToYaml(source.network));
    if (!common.json) Print({}, source.table);
    options.design_report = base::JsonText(source.report);
    options.structure_svg = mad::StructureSvg(source.network);
    const train::RunSummary result = train::TrainRun(config, source.network, options);
    Print(result.summary, SummaryText(result.summary));
  }

  static std::string PlanText(const base::Json& plan) {
    std::string text = "would train:\n";
    for (const auto& [key, value] : plan.items())
      text += fmt::format("  {:<18} {}\n", key, value.is_string() ? value.get<std::string>() : value.dump());
    return text;
  }

  std::string SummaryText(const base::Json& summary) const {
    std::string text = fmt::format("trained {} on {}: {} epochs, {:.0f} s, {:.0f} img/s\n", summary.at("network").get<std::string>(),
                                   summary.at("data").get<std::string>(), summary.at("epochs").get<int64_t>(),
                                   summary.at("wall_seconds").get<double>(), summary.at("images_per_second").get<double>());
    for (const auto& [name, value] : summary.at("metrics").items()) text += fmt::format("  {:<14} {:.4f}\n", name, value.get<double>());
    text += fmt::format("  {:<14} {}\n  {:<14} {}\n", "protocol", summary.at("protocol").get<std::string>(), "run folder", out_);
    return text;
  }

  bool may_design_;
  std::string out_;
  std::string resume_ = "auto";
  std::string profile_;
  std::string weights_;
  std::string head_;
  int local_ranks_ = 0;
};

}  // namespace

DEEPMAD_REGISTER(CommandRegistry, "run", "the whole pipeline: design, train, validate, weights, in one run folder",
                 [] { return std::make_unique<RunCommand>(/*may_design=*/true); });
DEEPMAD_REGISTER(CommandRegistry, "train", "train a network that exists into a run folder",
                 [] { return std::make_unique<RunCommand>(/*may_design=*/false); });

}  // namespace deepmad::cli
