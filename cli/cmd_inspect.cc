// deepmad inspect NETWORK.yaml [OTHER.yaml]
#include <fmt/format.h>

#include "base/atomic_file.h"
#include "cli/command.h"
#include "mad/report/design_report.h"
#include "mad/report/latency_report.h"
#include "mad/report/network_comparison.h"
#include "mad/report/structure_svg.h"

namespace deepmad::cli {
namespace {

class InspectCommand : public Command {
 public:
  void Declare(CLI::App& app) override {
    app.add_option("--formulation", formulation_, "definitions of entropy and FLOPs: paper, reference, madnas or stentr")
        ->capture_default_str();
    app.add_option("--svg", svg_, "also draw the structure to this file");
    app.add_flag("--layers", layers_, "also one line a convolution");
    app.add_option("--latency", latency_, "also the times that this table of deepmad profile predicts");
  }
  std::string Example() const override { return "deepmad inspect configs/arch/deepmad-r18.yaml --layers"; }

  void Run() override {
    const Split split = SplitArguments(1, 2, "network file");
    if (!split.overrides.empty())
      throw base::UsageError(fmt::format("unexpected argument '{}'", split.overrides[0]), "", "try " + Example());
    if (!svg_.empty() && split.files.size() > 1) throw base::UsageError("--svg draws one network", "", "give one file");
    base::Json documents = base::Json::array();
    std::string text;
    std::vector<mad::Assessment> assessments;
    std::vector<mad::NetworkSpec> networks;
    std::optional<mad::LatencyTable> table;
    if (!latency_.empty()) table = mad::LoadLatencyTable(latency_);
    for (const std::string& file : split.files) {
      const mad::NetworkSpec network = mad::LoadNetwork(file);
      const mad::DesignProblem problem = mad::NeutralProblem(network, mad::FindFormulation(formulation_, "--formulation"));
      const mad::Assessment assessment = mad::Assess(problem, network);
      documents.push_back(Document(problem, network, assessment));
      text += Text(problem, network, assessment);
      if (table) {
        const base::Json predictions = mad::Predictions(*table, network, latency_);
        documents.back()["predictions"] = predictions;
        text += mad::PredictionTable(predictions);
      }
      networks.push_back(network);
      assessments.push_back(assessment);
    }
    if (networks.size() == 2) text += "\n" + mad::ComparisonTable(networks[0], assessments[0], networks[1], assessments[1]);
    if (!svg_.empty() && !common.dry_run) base::WriteFileAtomically(svg_, mad::StructureSvg(networks[0]));
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
    if (network.head.bits > 0) document["bit_operations"] = mad::BitOperations(assessment.cost);
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
    if (network.head.bits > 0) text += fmt::format("  bit operations {:.6g}\n", mad::BitOperations(assessment.cost));
    return layers_ ? text + mad::LayerTable(network) : text;
  }

  std::string formulation_ = "paper";
  std::string svg_, latency_;
  bool layers_ = false;
};

}  // namespace

DEEPMAD_REGISTER(CommandRegistry, "inspect", "cost, entropy and effectiveness of one network, or of two side by side",
                 [] { return std::make_unique<InspectCommand>(); });

}  // namespace deepmad::cli
