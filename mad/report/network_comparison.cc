#include "mad/report/network_comparison.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/progress.h"

namespace deepmad::mad {
namespace {

struct StageSum {
  int channels = 0;
  Extent map{};
  int units = 0;
  double params = 0, macs = 0;
};

std::vector<StageSum> SumStages(const NetworkSpec& network) {
  std::vector<StageSum> stages;
  const std::vector<BlockTotals<double>> totals = CountBlocks(network);
  for (const PlacedBlock& block : PlaceBlocks(network)) {
    stages.resize(static_cast<size_t>(block.stage) + 1);
    StageSum& stage = stages.back();
    const BlockTotals<double>& total = totals[static_cast<size_t>(block.index)];
    stage.channels = block.spec->out_channels;
    stage.map = block.out_size;
    stage.units += block.spec->depth;
    stage.params += total.params;
    stage.macs += total.macs;
  }
  return stages;
}

std::string StageText(const std::vector<StageSum>& stages, size_t index) {
  if (index >= stages.size()) return fmt::format("{:>44}", "-");
  const StageSum& stage = stages[index];
  const std::string map =
      stage.map.t > 1 ? fmt::format("{}x{}x{}", stage.map.t, stage.map.h, stage.map.w) : fmt::format("{}x{}", stage.map.h, stage.map.w);
  return fmt::format("{:>6} {:>10} {:>6} {:>9} {:>9}", stage.channels, map, stage.units, base::FormatCount(stage.params),
                     base::FormatCount(stage.macs));
}

}  // namespace

std::string ComparisonTable(const NetworkSpec& left, const Assessment& left_assessment, const NetworkSpec& right,
                            const Assessment& right_assessment) {
  const Assessment &a = left_assessment, &b = right_assessment;
  std::string text = fmt::format("  {:<17} {:>24} {:>24} {:>8}\n", "", left.name, right.name, "ratio");
  const auto line = [&](const char* name, double of_left, double of_right) {
    text +=
        fmt::format("  {:<17} {:>24} {:>24} {:>8.3f}\n", name, base::FormatCount(of_left), base::FormatCount(of_right), of_right / of_left);
  };
  line("MACs", a.cost.macs, b.cost.macs);
  line("reference FLOPs", a.cost.reference_flops, b.cost.reference_flops);
  line("parameters", a.cost.params, b.cost.params);
  line("without head", a.cost.params_backbone, b.cost.params_backbone);
  line("layers", a.cost.layers, b.cost.layers);
  line("weighted entropy", a.score.weighted_entropy, b.score.weighted_entropy);
  text += fmt::format("  {:<17} {:>24.4f} {:>24.4f} {:>8.3f}\n", "effectiveness", a.used[kEffectiveness], b.used[kEffectiveness],
                      b.used[kEffectiveness] / a.used[kEffectiveness]);
  const std::vector<StageSum> stages_left = SumStages(left), stages_right = SumStages(right);
  const std::string heads = fmt::format("{:>6} {:>10} {:>6} {:>9} {:>9}", "out", "map", "units", "params", "MACs");
  text += fmt::format("  {:<5} {:>44}  |{:>44}\n  {:<5} {}  |{}\n", "", left.name, right.name, "stage", heads, heads);
  for (size_t i = 0; i < std::max(stages_left.size(), stages_right.size()); ++i) {
    text += fmt::format("  {:<5} {}  |{}\n", i, StageText(stages_left, i), StageText(stages_right, i));
  }
  return text;
}

}  // namespace deepmad::mad
