// deepmad list [blocks, datasets, tasks, optimizers, solvers, configs]
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <functional>

#include "base/build_info.h"
#include "base/nearest.h"
#include "cli/command.h"
#include "data/dataset/dataset.h"
#include "mad/recipe/block_type.h"
#include "mad/search/solver.h"
#include "train/optimizers/optimizer.h"
#include "train/tasks/task.h"

namespace deepmad::cli {
namespace {

struct Line {
  std::string name;
  std::string summary;
};

template <typename SomeRegistry>
std::vector<Line> Registered() {
  std::vector<Line> lines;
  for (const std::string& name : SomeRegistry::Get().Names()) lines.push_back({name, SomeRegistry::Get().Find(name).summary});
  return lines;
}

// Every YAML file below configs/, with its first comment.
std::vector<Line> Configs() {
  std::vector<Line> lines;
  const std::filesystem::path root = base::ConfigsFolder();
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    if (entry.path().extension() != ".yaml") continue;
    std::string first;
    if (std::FILE* file = std::fopen(entry.path().c_str(), "r")) {
      char buffer[256] = {};
      if (std::fgets(buffer, sizeof buffer, file) != nullptr) first = buffer;
      std::fclose(file);
    }
    const bool comment = first.starts_with("# ");
    first = comment ? first.substr(2, first.find('\n') - 2) : "";
    lines.push_back({std::filesystem::relative(entry.path(), root).string(), first});
  }
  std::sort(lines.begin(), lines.end(), [](const Line& a, const Line& b) { return a.name < b.name; });
  return lines;
}

class ListCommand : public Command {
 public:
  void Declare(CLI::App&) override {}
  std::string Example() const override { return "deepmad list blocks"; }

  void Run() override {
    const Split split = SplitArguments(0, 1, "kind");
    const std::vector<std::pair<std::string, std::function<std::vector<Line>()>>> kinds = {
        {"blocks", Registered<mad::BlockRegistry>},   {"datasets", Registered<data::DatasetRegistry>},
        {"tasks", Registered<train::TaskRegistry>},   {"optimizers", Registered<train::OptimizerRegistry>},
        {"solvers", Registered<mad::SolverRegistry>}, {"configs", Configs},
    };
    base::Json document = base::Json::object();
    std::string text;
    std::vector<std::string> names;
    for (const auto& [kind, list] : kinds) {
      names.push_back(kind);
      if (!split.files.empty() && split.files[0] != kind) continue;
      text += kind + "\n";
      document[kind] = base::Json::array();
      for (const Line& line : list()) {
        text += fmt::format("  {:<28} {}\n", line.name, line.summary);
        document[kind].push_back({{"name", line.name}, {"summary", line.summary}});
      }
    }
    if (document.empty()) throw base::UnknownName("kind of list", split.files[0], names, "");
    Print(document, text);
  }
};

}  // namespace

DEEPMAD_REGISTER(CommandRegistry, "list", "what is registered: blocks, datasets, tasks, optimizers, solvers, configs",
                 [] { return std::make_unique<ListCommand>(); });

}  // namespace deepmad::cli
