// deepmad reproduce DIR: the published numbers, and beside them those of the runs found below DIR.
#include <fmt/format.h>

#include "cli/command.h"
#include "cli/published_runs.h"

namespace deepmad::cli {
namespace {

base::Json RunJson(const FoundRun& run) {
  base::Json json = {{"folder", run.folder}, {"finished", !run.summary.is_null()}};
  for (const char* key : {"metrics", "protocol", "epochs"}) {
    if (run.summary.contains(key)) json[key] = run.summary[key];
  }
  return json;
}

// "11.69M"; "-" where nothing was published.
std::string Scaled(const std::optional<double>& value, double unit, char letter) {
  return value ? fmt::format("{:.2f}{}", *value / unit, letter) : "-";
}

base::Json PublishedJson(const PublishedRow& row) {
  base::Json json = {{"top1", row.top1}};
  if (row.params) json["params"] = *row.params;
  if (row.macs) json["macs"] = *row.macs;
  if (!row.protocol.empty()) json["protocol"] = row.protocol;
  return json;
}

std::string Percent(const base::Json& metrics, const char* name) {
  return metrics.contains(name) && metrics[name].is_number() ? fmt::format("{:.3f}", 100 * metrics[name].get<double>()) : "-";
}

std::string RunLine(const base::Json& run, double published) {
  const base::Json metrics = run.value("metrics", base::Json::object());
  const bool scored = metrics.contains("top1") && metrics["top1"].is_number();
  std::string line = fmt::format("    {:<44} top1 {:>7}  top1_ema {:>7}", run["folder"].get<std::string>(), Percent(metrics, "top1"),
                                 Percent(metrics, "top1_ema"));
  if (scored) line += fmt::format("  {:+.3f}", 100 * (metrics["top1"].get<double>() - published));
  line +=
      run["finished"].get<bool>() ? fmt::format("  {} epochs; {}", run.value("epochs", 0), run.value("protocol", "")) : "  not finished";
  return line + "\n";
}

class ReproduceCommand : public Command {
 public:
  void Declare(CLI::App&) override {}
  std::string Example() const override { return "deepmad reproduce runs"; }

  void Run() override {
    const std::vector<FoundRun> runs = FindRuns(SplitArguments(1, 1, "folder of runs").files[0]);
    base::Json document = {{"rows", base::Json::array()}};
    std::string text = fmt::format("{:<34} {:>9} {:>9} {:>8}  configuration\n", "published", "params", "MACs", "top1");
    for (const PublishedRow& row : PublishedRows()) {
      base::Json found = base::Json::array();
      for (const FoundRun& run : runs) {
        if (run.name == row.name) found.push_back(RunJson(run));
      }
      text += fmt::format("{:<34} {:>9} {:>9} {:>8.3f}  {}{}\n", row.name, Scaled(row.params, 1e6, 'M'), Scaled(row.macs, 1e9, 'G'),
                          100 * row.top1, row.config, row.protocol.empty() ? "" : " by " + row.protocol);
      for (const base::Json& run : found) text += RunLine(run, row.top1);
      document["rows"].push_back({{"name", row.name}, {"config", row.config}, {"published", PublishedJson(row)}, {"runs", found}});
    }
    Print(document, text + "top1 in percent of the validation images; a run without lines here has another name.\n");
  }
};

}  // namespace

DEEPMAD_REGISTER(CommandRegistry, "reproduce", "the published numbers beside those of the runs found in a folder",
                 [] { return std::make_unique<ReproduceCommand>(); });

}  // namespace deepmad::cli
