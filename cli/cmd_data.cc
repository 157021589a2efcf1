// deepmad data check RUN.yaml
#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "base/progress.h"
#include "cli/command.h"
#include "data/dataset/dataset_check.h"
#include "data/inputs/open_datasets.h"

namespace deepmad::cli {
namespace {

constexpr size_t kShown = 20;  // of each kind

base::Json SplitJson(const data::CheckResult& result) {
  base::Json broken = base::Json::array();
  for (const data::BrokenSample& sample : result.broken) broken.push_back({{"file", sample.source}, {"reason", sample.reason}});
  base::Json left_out = base::Json::array();
  for (const data::LeftOut& one : result.left_out) {
    left_out.push_back({{"reason", one.reason}, {"count", one.names.size()}, {"names", one.names}});
  }
  return {{"samples", result.samples},
          {"grey", result.grey},
          {"turned", result.turned},
          {"class_counts", result.class_counts},
          {"height", {result.min_height, result.max_height}},
          {"width", {result.min_width, result.max_width}},
          {"broken", broken},
          {"missing", result.missing},
          {"left_out", left_out},
          {"unused_classes", result.unused_classes}};
}

// The first of `names`, a line each.
std::string Lines(const std::vector<std::string>& names, const std::string& indent) {
  std::string text;
  for (size_t i = 0; i < std::min(kShown, names.size()); ++i) text += indent + names[i] + "\n";
  if (names.size() > kShown) text += fmt::format("{}and {} more; --json lists all\n", indent, names.size() - kShown);
  return text;
}

std::string SplitText(const std::string& name, const data::CheckResult& result) {
  const auto [fewest, most] = std::minmax_element(result.class_counts.begin(), result.class_counts.end());
  std::string text = fmt::format("{}: {} samples in {} classes ({} to {} a class), {} grey, {} to {} high, {} to {} wide, {} broken\n",
                                 name, result.samples, result.class_counts.size(), *fewest, *most, result.grey, result.min_height,
                                 result.max_height, result.min_width, result.max_width, result.broken.size());
  std::vector<std::string> broken;
  for (const data::BrokenSample& sample : result.broken) broken.push_back(sample.source + ": " + sample.reason);
  text += Lines(broken, "  ");
  if (!result.missing.empty()) {
    text += fmt::format("  {} more should be there and are missing:\n", result.missing.size()) + Lines(result.missing, "  ");
  }
  if (!result.unused_classes.empty()) text += fmt::format("  warning: {}\n", result.unused_classes);
  if (result.turned > 0) text += fmt::format("  {} with an EXIF orientation other than upright\n", result.turned);
  for (const data::LeftOut& one : result.left_out) {
    text += fmt::format("  left out, {}: {}\n", one.reason, one.names.size()) + Lines(one.names, "    ");
  }
  return text;
}

class DataCommand : public Command {
 public:
  void Declare(CLI::App&) override {}
  std::string Example() const override { return "deepmad data check configs/run/imagenet_mini.yaml data.root=/data/imagenet"; }

  void Run() override {
    const Split split = SplitArguments(2, 2, "action and run file");
    if (split.files[0] != "check") throw base::UnknownName("action", split.files[0], {"check"}, "");
    const base::Config config = LoadConfig(split.files[1], split.overrides, "seed");
    const data::Datasets sets = data::OpenDatasets(config.Section("data"));
    if (common.dry_run) {
      Print({{"train", sets.train->size()}, {"validation", sets.validation->size()}},
            fmt::format("would decode {} + {} samples\n", sets.train->size(), sets.validation->size()));
      return;
    }
    base::Json document;
    std::string text;
    size_t broken = 0;
    for (const auto& [name, set] : {std::pair{"train", sets.train.get()}, std::pair{"validation", sets.validation.get()}}) {
      base::Progress progress({.label = std::string("check ") + name, .total = set->size()});
      const int threads = common.threads > 0 ? common.threads : static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
      const data::CheckResult result = data::CheckDataset(*set, threads, [&](int64_t done) { progress.Update(done); });
      document[name] = SplitJson(result);
      text += SplitText(name, result);
      broken += result.broken.size();
    }
    Print(document, text);
    if (broken > 0) throw base::FailedError(fmt::format("{} broken samples", broken), split.files[1], "mend or remove them");
  }
};

}  // namespace

DEEPMAD_REGISTER(CommandRegistry, "data", "`data check RUN.yaml` decodes every sample: counts, classes, broken files by name",
                 [] { return std::make_unique<DataCommand>(); });

}  // namespace deepmad::cli
