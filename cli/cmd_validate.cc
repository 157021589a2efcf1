// deepmad validate RUN_DIR or RUN.yaml [--weights W]
#include <fmt/format.h>

#include "cli/command.h"
#include "cli/network_source.h"
#include "cli/run_folder.h"
#include "cli/weights_choice.h"
#include "train/distributed/joined_run.h"
#include "train/distributed/local_launcher.h"
#include "train/distributed/rank_consistency.h"
#include "train/metrics/class_table.h"
#include "train/metrics/coco_table.h"
#include "train/run/run.h"
#include "train/run_folder/result_digest.h"

namespace deepmad::cli {
namespace {

class ValidateCommand : public Command {
 public:
  void Declare(CLI::App& app) override {
    weights_.Declare(app);
    app.add_option("--predictions,--results", predictions_,
                   "where to write what the network predicts: of scenes a folder for a PNG of class numbers each, of objects a file of "
                   "boxes in COCO's format");
    DeclareLocalRanks(app, local_ranks_);
  }
  std::string Example() const override { return "deepmad validate runs/quickstart --weights runs/quickstart/best.safetensors"; }

  void Run() override {
    const Split split = SplitArguments(1, 1, "run folder or run file");
    const std::string& source = split.files[0];
    const bool folder = IsRunFolder(source);
    const base::Config config = LoadConfig(folder ? RunConfigFile(source) : source, split.overrides, "seed");
    const mad::NetworkSpec network = folder ? RunNetwork(source) : NetworkOfRun(config).network;
    for (const char* other : {"design", "network", "classes_from_data", "export", "published"}) config.MarkRead(other);
    const std::string agreed = train::WithoutPlaces(config.Resolved());
    const models::WeightsPlace weights = weights_.Find(source);
    train::RunOptions options;
    options.device = common.device;
    options.threads = common.threads;
    options.predictions = predictions_;
    if (common.dry_run) {
      Print({{"network", network.name}, {"weights", weights.file}}, fmt::format("would validate {} with {}\n", network.name, weights.file));
      return;
    }
    train::LaunchLocalRanks(local_ranks_);
    base::Json result;
    bool speaks = true;
    train::WithRanks(common.device, [&](const train::RankGroup* ranks) {
      options.ranks = ranks;
      speaks = ranks == nullptr || ranks->rank() == 0;
      if (ranks != nullptr) {
        train::CheckAgreement("the configuration", agreed, *ranks);
        train::CheckAgreement("the network", mad::NetworkToYaml(network), *ranks);
      }
      result = train::ValidateRun(config, network, weights, options);
    });
    if (!speaks) return;
    std::string text = fmt::format("{} with {}\n", network.name, weights.file);
    for (const auto& [name, value] : result.at("metrics").items()) text += fmt::format("  {:<14} {:.6f}\n", name, value.get<double>());
    text += fmt::format("  {:<14} {}\n  {:<14} {}\n", "protocol", result.at("protocol").get<std::string>(), "weights digest",
                        result.at("weights_digest").get<std::string>());
    if (result.contains("stats")) {
      text += "\n" + train::CocoScoresText(result);
    } else if (result.contains("classes")) {
      text += "\n" + train::ClassTableText(result.at("classes"));
    }
    Print(result, text);
  }

 private:
  WeightsChoice weights_{"last"};
  int local_ranks_ = 0;
  std::string predictions_;
};

}  // namespace

DEEPMAD_REGISTER(CommandRegistry, "validate", "score weights on the validation set by the stated protocol",
                 [] { return std::make_unique<ValidateCommand>(); });

}  // namespace deepmad::cli
