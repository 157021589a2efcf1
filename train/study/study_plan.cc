#include "train/study/study_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include "base/error.h"

namespace deepmad::train {
namespace {

const std::map<std::string, StructureOrigin>& Origins() {
  static const std::map<std::string, StructureOrigin> origins = {
      {"design", StructureOrigin::kDesign},   {"random", StructureOrigin::kRandom}, {"resnet", StructureOrigin::kResNet},
      {"network", StructureOrigin::kNetwork}, {"scaled", StructureOrigin::kScaled}, {"cells", StructureOrigin::kCells}};
  return origins;
}

std::vector<std::string> OriginNames() {
  std::vector<std::string> names;
  for (const auto& [name, origin] : Origins()) names.push_back(name);
  return names;
}

mad::NetworkSpec ReadNetwork(const base::Config& entry) {
  return entry.IsScalar("network") ? mad::LoadNetwork(entry.GetPath("network")) : mad::NetworkFromConfig(entry.Section("network"));
}

CellOptions ReadCells(const base::Config& entry) {
  CellOptions cells;
  const base::Config windows = entry.Section("windows");
  for (const std::string& name : WindowNames()) {
    if (windows.IsNull(name)) continue;
    const std::vector<double> ends = windows.GetDoubles(name, {}, 1e-9, 1e18);
    if (ends.size() != 2 || ends[0] > ends[1]) {
      throw base::UsageError(windows.Path(name) + " must be a window [low, high]", windows.Where(name));
    }
    cells.windows[name] = {ends[0], ends[1]};
  }
  cells.samples = entry.GetInt("samples", cells.samples, 10, 1'000'000);
  const base::Config parts = entry.Section("cells");
  cells.layer_parts = static_cast<int>(parts.GetInt("layers", cells.layer_parts, 1, 100));
  cells.objective_parts = static_cast<int>(parts.GetInt("objective", cells.objective_parts, 1, 100));
  return cells;
}

// One entry makes one structure, `count` random ones, or one for each cell.
void AppendWishes(const base::Config& entry, std::vector<StructureWish>& wishes) {
  StructureWish wish;
  wish.name = entry.GetString("name");
  if (wish.name.empty() || wish.name.find_first_of("/\\ ,|") != std::string::npos || wish.name.starts_with(".")) {
    throw base::UsageError(fmt::format("'{}' cannot name a folder", wish.name), entry.Where("name"), "use letters, digits and dashes");
  }
  wish.origin = Origins().at(entry.GetChoice("from", "design", OriginNames()));
  wish.group = wish.name;
  const bool of_problem =
      wish.origin == StructureOrigin::kDesign || wish.origin == StructureOrigin::kRandom || wish.origin == StructureOrigin::kCells;
  if (of_problem) wish.changes = entry.GetStrings("change", {});
  if (wish.origin == StructureOrigin::kResNet || wish.origin == StructureOrigin::kScaled) {
    const auto first =
        std::find_if(wishes.begin(), wishes.end(), [](const StructureWish& w) { return w.origin == StructureOrigin::kDesign; });
    wish.like = entry.GetString("like", first == wishes.end() ? "" : first->name);
    const bool known = std::any_of(wishes.begin(), wishes.end(), [&](const StructureWish& w) { return w.name == wish.like; });
    if (!known) {
      throw base::UsageError(fmt::format("no structure '{}' before this one, whose cost it could have", wish.like), entry.Where("like"),
                             "list a design first");
    }
  }
  if (wish.origin == StructureOrigin::kNetwork || wish.origin == StructureOrigin::kScaled)
    wish.network = mad::NetworkToYaml(ReadNetwork(entry));
  const bool random = wish.origin == StructureOrigin::kRandom;
  if (!random && wish.origin != StructureOrigin::kCells) return wishes.push_back(std::move(wish));
  if (random) wish.fill = entry.GetDouble("fill", wish.fill, 0, 1);
  if (!random) wish.cells = ReadCells(entry);
  const int64_t count = random ? entry.GetInt("count", 1, 1, 10'000) : int64_t{wish.cells.layer_parts} * wish.cells.objective_parts;
  const std::string name = wish.name;
  for (int64_t i = 0; i < count; ++i) {
    wish.name = fmt::format("{}-{:02}", name, i);
    wish.index = static_cast<uint64_t>(i);
    wishes.push_back(wish);
  }
}

std::vector<int64_t> ReadSeeds(const base::Config& config, const std::vector<int64_t>& fallback) {
  const std::vector<int64_t> seeds = config.GetInts("seeds", fallback, 0, std::numeric_limits<int64_t>::max());
  if (!seeds.empty() && std::set(seeds.begin(), seeds.end()).size() == seeds.size()) return seeds;
  throw base::UsageError("the seeds of a study are different numbers, at least one", config.Where("seeds"));
}

// Names that become parts of a run's name.
std::string ReadName(const base::Config& section) {
  const std::string name = section.GetString("name");
  if (!name.empty() && name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == std::string::npos) {
    return name;
  }
  throw base::UsageError(fmt::format("'{}' cannot be part of a run's name", name), section.Where("name"), "use letters, digits and dashes");
}

StudyFactor ReadFactor(const base::Config& section) {
  StudyFactor factor{ReadName(section), section.GetString("key"), section.GetStrings("values", {})};
  if (factor.values.empty()) throw base::UsageError("factor '" + factor.name + "' has no values", section.Where("values"));
  for (const std::string& value : factor.values) {
    if (value.find_first_of("/\\ ,=") == std::string::npos && !value.empty()) continue;
    throw base::UsageError(fmt::format("'{}' cannot be part of a run's name", value), section.Where("values"),
                           "use plain numbers and words");
  }
  return factor;
}

// `before`: the stages that a choice may look at.
std::optional<StudyChoice> ReadChoice(const base::Config& stage, const std::vector<StudyStage>& before) {
  if (stage.IsNull("choose")) return std::nullopt;
  const base::Config section = stage.Section("choose");
  StudyChoice choice{section.GetString("factor"), section.GetString("stage")};
  choice.by_group = section.GetChoice("within", "structure", {"structure", "group"}) == "group";
  choice.neighbours = section.GetBool("neighbours", false);
  const auto source = std::find_if(before.begin(), before.end(), [&](const StudyStage& one) { return one.name == choice.stage; });
  if (source == before.end()) {
    throw base::UsageError(fmt::format("no stage '{}' before this one", choice.stage), section.Where("stage"));
  }
  const bool varied =
      std::any_of(source->factors.begin(), source->factors.end(), [&](const StudyFactor& factor) { return factor.name == choice.factor; });
  if (varied) return choice;
  throw base::UsageError(fmt::format("stage '{}' varies no factor '{}'", choice.stage, choice.factor), section.Where("factor"));
}

StudyStage ReadStage(const base::Config& section, const StudyPlan& plan) {
  StudyStage stage;
  stage.name = ReadName(section);
  stage.structures = section.GetStrings("structures", {});
  for (const std::string& name : stage.structures) {
    const bool known = std::any_of(plan.wishes.begin(), plan.wishes.end(),
                                   [&](const StructureWish& wish) { return wish.name == name || wish.group == name; });
    if (!known) throw base::UsageError(fmt::format("no structure or group '{}'", name), section.Where("structures"));
  }
  stage.seeds = ReadSeeds(section, plan.seeds);
  for (const base::Config& factor : section.Sections("vary")) stage.factors.push_back(ReadFactor(factor));
  stage.choice = ReadChoice(section, plan.stages);
  stage.changes = section.GetStrings("change", {});
  stage.test = section.GetBool("test", false);
  return stage;
}

}  // namespace

const char* StructureOriginName(StructureOrigin origin) {
  for (const auto& [name, known] : Origins()) {
    if (known == origin) return name.c_str();
  }
  return "";
}

StudyPlan ReadStudyPlan(const base::Config& config) {
  config.GetInt("version", 1, 1, 1);
  StudyPlan plan;
  plan.name = config.GetString("name", "study");
  plan.metric = config.GetString("metric", plan.metric);
  plan.seed = static_cast<uint64_t>(config.GetInt("seed", 0, 0, std::numeric_limits<int64_t>::max()));
  plan.seeds = ReadSeeds(config, {0, 1, 2});
  for (const base::Config& entry : config.Sections("structures")) AppendWishes(entry, plan.wishes);
  if (plan.wishes.empty()) throw base::UsageError("a study of no structures", config.Where("structures"), "list some under `structures`");
  std::set<std::string> names;
  for (const StructureWish& wish : plan.wishes) {
    if (!names.insert(wish.name).second)
      throw base::UsageError("two structures of one name", config.Where("structures"), "rename " + wish.name);
  }
  names.clear();
  for (const base::Config& section : config.Sections("stages")) {
    StudyStage stage = ReadStage(section, plan);
    if (!names.insert(stage.name).second) throw base::UsageError("two stages of one name", section.Where("name"), "rename " + stage.name);
    plan.stages.push_back(std::move(stage));
  }
  return plan;
}

}  // namespace deepmad::train
