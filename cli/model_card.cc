#include "cli/model_card.h"

#include <fmt/format.h>

#include <filesystem>

#include "base/build_info.h"
#include "base/progress.h"
#include "mad/report/design_report.h"

namespace deepmad::cli {
namespace {

std::string FileName(const std::string& path) { return std::filesystem::path(path).filename().string(); }

std::string Budget(const base::Json& report) {
  std::string text = "| quantity | budget | used |\n| --- | --- | --- |\n";
  for (const auto& [name, budget] : report.at("budgets").items()) {
    if (budget.at("limit").is_null()) continue;
    text += fmt::format("| {} | {} | {} ({:.1f} %) |\n", name, base::FormatCount(budget.at("limit").get<double>()),
                        base::FormatCount(budget.at("used").get<double>()), 100 * budget.at("share").get<double>());
  }
  for (const auto& [key, label] : {std::pair{"macs", "multiply-accumulates"}, {"params", "parameters"}, {"layers", "layers"}}) {
    text += fmt::format("| {} | | {} |\n", label, base::FormatCount(report.at(key).get<double>()));
  }
  return text + fmt::format("| effectiveness | | {:.4f} |\n", report.at("effectiveness").get<double>());
}

std::string Results(const ModelCard& card) {
  const base::Json& summary = card.summary;
  if (summary.is_null() && card.weights.empty()) return "A structure without weights.\n";
  if (summary.is_null())
    return fmt::format("The weights came from `{}`; nothing beside them tells of data or results.\n", FileName(card.weights));
  std::string text =
      fmt::format("Trained on {}: {} epochs, {} samples, seed {}.{}\n\n", summary.at("data").get<std::string>(),
                  summary.at("epochs").get<int64_t>(), summary.at("samples").get<int64_t>(), summary.at("seed").get<int64_t>(),
                  card.weights.empty() ? "" : " The weights are `" + FileName(card.weights) + "`.");
  text += "| metric | last epoch | best |\n| --- | --- | --- |\n";
  for (const auto& [name, value] : summary.at("metrics").items()) {
    const base::Json best = summary.value("best", base::Json::object());
    text += fmt::format("| {} | {:.4f} | {} |\n", name, value.get<double>(),
                        best.contains(name) ? fmt::format("{:.4f} (epoch {})", best.at(name).at("value").get<double>(),
                                                          best.at(name).at("epoch").get<int64_t>())
                                            : "");
  }
  return text + fmt::format("\nProtocol: {}.\n", summary.at("protocol").get<std::string>());
}

std::string Input(const ModelCard& card) {
  const mad::InputSpec& input = card.network.input;
  const std::string frames = card.network.SpatialDims() == 3 ? fmt::format("{}, ", input.frames) : "";
  const std::string output = card.network.head.IsClassifier() ? fmt::format("output `[N, {}]` logits", card.network.head.classes)
                                                              : "outputs are the maps of the levels that the head names";
  return fmt::format("Input `[N, {}, {}{}, {}]` float32{}; {}.\n", input.channels, frames, input.height, input.width,
                     card.pixels ? ", RGB, normalised by " + *card.pixels : "", output);
}

}  // namespace

std::string ModelCardText(const ModelCard& card) {
  std::string text = fmt::format("# {}\n\nWritten by deepmad {} ({}).\n\n| file | what |\n| --- | --- |\n", card.network.name,
                                 base::Version(), base::GitRevision());
  for (const ExportedFile& file : card.files) text += fmt::format("| `{}` | {} |\n", FileName(file.path), file.what);
  text += "\n## Budget\n\n" + Budget(card.report);
  text += "\n## Structure\n\n" + Input(card) + "\n```\n" + mad::StageTable(card.network) + "```\n\n`network.yaml`:\n\n```yaml\n" +
          mad::NetworkToYaml(card.network) + "```\n";
  text += "\n## Data and results\n\n" + Results(card) + "\n## Loading\n";
  for (const ExportedFile& file : card.files) {
    text += fmt::format("\n`{}` in Python:\n\n```python\n{}```\n", FileName(file.path), file.python);
    if (!file.cpp.empty()) text += fmt::format("\nand in C++:\n\n```cpp\n{}```\n", file.cpp);
  }
  return text;
}

}  // namespace deepmad::cli
