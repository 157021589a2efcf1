#include "cli/study_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include "base/error.h"

namespace deepmad::cli {
namespace {

const std::map<std::string, StructureOrigin>& Origins() {
  static const std::map<std::string, StructureOrigin> origins = {{"design", StructureOrigin::kDesign},
                                                                 {"random", StructureOrigin::kRandom},
                                                                 {"resnet", StructureOrigin::kResNet},
                                                                 {"network", StructureOrigin::kNetwork},
                                                                 {"scaled", StructureOrigin::kScaled}};
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

// One entry makes one structure, or `count` random ones.
void AppendWishes(const base::Config& entry, std::vector<StructureWish>& wishes) {
  StructureWish wish;
  wish.name = entry.GetString("name");
  if (wish.name.empty() || wish.name.find_first_of("/\\ ,|") != std::string::npos || wish.name.starts_with(".")) {
    throw base::UsageError(fmt::format("'{}' cannot name a folder", wish.name), entry.Where("name"), "use letters, digits and dashes");
  }
  wish.origin = Origins().at(entry.GetChoice("from", "design", OriginNames()));
  if (wish.origin == StructureOrigin::kDesign || wish.origin == StructureOrigin::kRandom) wish.changes = entry.GetStrings("change", {});
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
  if (wish.origin != StructureOrigin::kRandom) return wishes.push_back(std::move(wish));
  wish.fill = entry.GetDouble("fill", wish.fill, 0, 1);
  const int64_t count = entry.GetInt("count", 1, 1, 10'000);
  const std::string name = wish.name;
  for (int64_t i = 0; i < count; ++i) {
    wish.name = fmt::format("{}-{:02}", name, i);
    wish.index = static_cast<uint64_t>(i);
    wishes.push_back(wish);
  }
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
  plan.seeds = config.GetInts("seeds", {0, 1, 2}, 0, std::numeric_limits<int64_t>::max());
  if (plan.seeds.empty() || std::set(plan.seeds.begin(), plan.seeds.end()).size() != plan.seeds.size()) {
    throw base::UsageError("the seeds of a study are different numbers, at least one", config.Where("seeds"));
  }
  for (const base::Config& entry : config.Sections("structures")) AppendWishes(entry, plan.wishes);
  if (plan.wishes.empty()) throw base::UsageError("a study of no structures", config.Where("structures"), "list some under `structures`");
  std::set<std::string> names;
  for (const StructureWish& wish : plan.wishes) {
    if (!names.insert(wish.name).second)
      throw base::UsageError("two structures of one name", config.Where("structures"), "rename " + wish.name);
  }
  return plan;
}

}  // namespace deepmad::cli
