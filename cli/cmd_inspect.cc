// deepmad inspect NETWORK.yaml [OTHER.yaml]
#include <fmt/format.h>

#include "base/progress.h"
#include "cli/command.h"
#include "mad/report.h"

namespace deepmad::cli {
namespace {

class InspectCommand : public Command {
 public:
  void Declare(CLI::App& app) override {
    app.add_option("--formulation", formulation_, "definitions of entropy and FLOPs: paper or reference")->capture_default_str();
    app.add_flag("--layers", layers_, "also one line a convolution");
  }
  std::string Example() const override { return "deepmad inspect configs/arch/deepmad-r18.yaml --layers"; }

  void Run() override {
    const Split split = SplitArguments(1, 2, "network file");
    if (!split.overrides.empty())
      throw base::UsageError(fmt::format("unexpected argument '{}'", split.overrides[0]), "", "try " + Example());
    base::Json documents = base::Json::array();
    std::string text;
    std::vector<mad::Assessment> assessments;
    std::vector<mad::NetworkSpec> networks;
    for (const std::string& file : split.files) {
      const mad::NetworkSpec network = mad::LoadNetwork(file);
      const mad::DesignProblem problem = mad::NeutralProblem(network, mad::FindFormulation(formulation_, "--formulation"));
      const mad::Assessment assessment = mad::Assess(problem, network);
      documents.push_back(Document(problem, network, assessment));
      text += Text(problem, network, assessment);
      networks.push_back(network);
      assessments.push_back(assessment);
    }
    if (networks.size() == 2) text += Compare(networks, assessments);
    Print(networks.size() == 1 ? documents[0] : documents, text);
  }

 private:
  base::Json Document(const mad::DesignProblem& problem, const mad::NetworkSpec& network, const mad::Assessment& assessment) const {
    base::Json document = {{"version", 1}, {"network", network.name}};
    document.update(mad::AssessmentJson(problem, assessment));
    base::Json levels = base::Json::array();
    for (const mad::FeatureLevel& level : mad::FeatureLevels(network)) {
      levels.push_back({{"block", level.block}, {"channels", level.channels}, {"stride", level.stride}});
    }
    document["feature_levels"] = levels;
    document["per_layer"] = mad::LayerTableJson(network);
    return document;
  }

  std::string Text(const mad::DesignProblem& problem, const mad::NetworkSpec& network, const mad::Assessment& assessment) const {
    std::string text = fmt::format("{} ({} formulation)\n", network.name, problem.formulation->name);
    text += mad::StageTable(network) + mad::BudgetTable(problem, assessment);
    const std::vector<mad::FeatureLevel> levels = mad::FeatureLevels(network);
    text += fmt::format("  {:<5} {:>14} {:>14} {:>9} {:>7}\n", "stage", "entropy", "effectiveness", "channels", "stride");
    for (size_t i = 0; i < assessment.score.stages.size(); ++i) {
      const mad::StageScore<double>& stage = assessment.score.stages[i];
      text += fmt::format("  {:<5} {:>14.3f} {:>14.6f} {:>9} {:>7}\n", i, stage.entropy, stage.effectiveness, levels[i].channels,
                          levels[i].stride);
    }
    text += fmt::format("  objective {:.3f} = weighted entropy {:.3f} - depth penalty {:.3f}\n", assessment.score.objective,
                        assessment.score.weighted_entropy, assessment.score.depth_penalty);
    return layers_ ? text + mad::LayerTable(network) : text;
  }

  static std::string Compare(const std::vector<mad::NetworkSpec>& networks, const std::vector<mad::Assessment>& assessments) {
    const mad::Assessment &a = assessments[0], &b = assessments[1];
    std::string text = fmt::format("\n  {:<17} {:>20} {:>20} {:>8}\n", "", networks[0].name, networks[1].name, "ratio");
    const auto line = [&](const char* name, double left, double right) {
      text += fmt::format("  {:<17} {:>20} {:>20} {:>8.3f}\n", name, base::FormatCount(left), base::FormatCount(right), right / left);
    };
    line("MACs", a.cost.macs, b.cost.macs);
    line("parameters", a.cost.params, b.cost.params);
    line("layers", a.cost.layers, b.cost.layers);
    line("weighted entropy", a.score.weighted_entropy, b.score.weighted_entropy);
    text += fmt::format("  {:<17} {:>20.4f} {:>20.4f} {:>8.3f}\n", "effectiveness", a.effectiveness, b.effectiveness,
                        b.effectiveness / a.effectiveness);
    return text;
  }

  std::string formulation_ = "paper";
  bool layers_ = false;
};

}  // namespace

DEEPMAD_REGISTER(CommandRegistry, "inspect", "cost, entropy and effectiveness of one network, or of two side by side",
                 [] { return std::make_unique<InspectCommand>(); });

}  // namespace deepmad::cli
