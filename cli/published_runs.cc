#include "cli/published_runs.h"

#include <algorithm>
#include <filesystem>

#include "base/build_info.h"
#include "base/config/config.h"
#include "base/error.h"
#include "base/text_file.h"

namespace deepmad::cli {
namespace {

namespace fs = std::filesystem;

FoundRun ReadRun(const fs::path& folder) {
  const std::string config = (folder / "config.yaml").string(), summary = (folder / "summary.json").string();
  FoundRun run{base::Config::FromFile(config).GetString("name", ""), folder.string(), {}};
  if (!fs::exists(summary)) return run;
  run.summary = base::Json::parse(base::ReadTextFile(summary), nullptr, /*allow_exceptions=*/false);
  if (!run.summary.is_object()) throw base::FailedError("not a JSON document", summary, "start the run again to have it made anew");
  return run;
}

}  // namespace

std::vector<PublishedRow> PublishedRows() {
  std::vector<PublishedRow> rows;
  const fs::path root = base::ConfigsFolder();
  for (const auto& entry : fs::directory_iterator(root / "run")) {
    if (entry.path().extension() != ".yaml") continue;
    const base::Config config = base::Config::FromFile(entry.path().string());
    if (config.IsNull("published")) continue;
    const base::Config published = config.Section("published");
    rows.push_back({config.GetString("name"), fs::relative(entry.path(), root).string(), published.GetOptionalDouble("params", 1, 1e12),
                    published.GetOptionalDouble("macs", 1, 1e15), published.GetDouble("top1", 0, 1), published.GetString("protocol", "")});
  }
  std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.config < b.config; });
  return rows;
}

std::vector<FoundRun> FindRuns(const std::string& folder) {
  if (!fs::is_directory(folder)) throw base::UsageError("no such folder", folder, "give one that holds run folders");
  std::vector<FoundRun> runs;
  const auto look = [&](const fs::path& path) {
    // Both files: other commands leave a config.yaml alone, or a network without one.
    if (fs::exists(path / "config.yaml") && fs::exists(path / "network.yaml")) runs.push_back(ReadRun(path));
  };
  look(folder);
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_directory()) look(entry.path());
  }
  std::sort(runs.begin(), runs.end(), [](const auto& a, const auto& b) { return a.folder < b.folder; });
  return runs;
}

}  // namespace deepmad::cli
