#include "train/study/stage_runs.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace deepmad::train {
namespace {

using Records = std::map<std::string, base::Json>;
using Values = std::vector<std::pair<const StudyFactor*, std::string>>;  // of one combination

bool Takes(const StudyStage& stage, const StructureWish& wish) {
  return stage.structures.empty() || std::any_of(stage.structures.begin(), stage.structures.end(),
                                                 [&](const std::string& name) { return name == wish.name || name == wish.group; });
}

// All combinations of the factors' values, the first factor outermost.
std::vector<Values> Combinations(const std::vector<StudyFactor>& factors) {
  std::vector<Values> all = {{}};
  for (const StudyFactor& factor : factors) {
    std::vector<Values> longer;
    for (const Values& values : all) {
      for (const std::string& value : factor.values) {
        longer.push_back(values);
        longer.back().emplace_back(&factor, value);
      }
    }
    all = std::move(longer);
  }
  return all;
}

StudyRun MakeRun(const StudyStage& stage, const StructureWish& wish, const Values& values, int64_t seed) {
  StudyRun run{stage.name + "/" + wish.name, stage.name, wish.name, wish.group, {}, seed, stage.changes, stage.test};
  for (const auto& [factor, value] : values) {
    run.name += fmt::format("/{}={}", factor->name, value);
    run.factors.emplace_back(factor->name, value);
    run.changes.push_back(factor->key + "=" + value);
  }
  run.name += fmt::format("/seed={}", seed);
  return run;
}

double ValidationScore(const base::Json& record, const std::string& metric) { return record.at("validation").at(metric).get<double>(); }

// The values that the choice gives a structure: none as long as a run that counts for it has no record.
std::optional<std::vector<std::string>> Chosen(const StudyPlan& plan, const StudyChoice& choice, const StructureWish& wish,
                                               const Records& records) {
  const StudyStage& source =
      *std::find_if(plan.stages.begin(), plan.stages.end(), [&](const StudyStage& s) { return s.name == choice.stage; });
  const StudyFactor& factor =
      *std::find_if(source.factors.begin(), source.factors.end(), [&](const StudyFactor& f) { return f.name == choice.factor; });
  std::vector<double> sums(factor.values.size(), 0);
  bool any = false;
  for (const StructureWish& other : plan.wishes) {
    if (!Takes(source, other) || (choice.by_group ? other.group != wish.group : other.name != wish.name)) continue;
    for (const Values& values : Combinations(source.factors)) {
      for (const int64_t seed : source.seeds) {
        const auto record = records.find(MakeRun(source, other, values, seed).name);
        if (record == records.end()) return std::nullopt;
        any = true;
        for (const auto& [varied, value] : values) {
          if (varied->name != factor.name) continue;
          const auto at = std::find(factor.values.begin(), factor.values.end(), value) - factor.values.begin();
          sums[static_cast<size_t>(at)] += ValidationScore(record->second, plan.metric);
        }
      }
    }
  }
  if (!any) return std::nullopt;
  const auto best = std::max_element(sums.begin(), sums.end());  // of equal ones the first
  if (!choice.neighbours) return std::vector{factor.values[static_cast<size_t>(best - sums.begin())]};
  std::vector<std::string> beside;
  if (best != sums.begin()) beside.push_back(factor.values[static_cast<size_t>(best - sums.begin()) - 1]);
  if (best + 1 != sums.end()) beside.push_back(factor.values[static_cast<size_t>(best - sums.begin()) + 1]);
  return beside;
}

const StudyFactor& FactorOf(const StudyPlan& plan, const StudyChoice& choice) {
  const StudyStage& source =
      *std::find_if(plan.stages.begin(), plan.stages.end(), [&](const StudyStage& s) { return s.name == choice.stage; });
  return *std::find_if(source.factors.begin(), source.factors.end(), [&](const StudyFactor& f) { return f.name == choice.factor; });
}

}  // namespace

StageRuns RunsOfStages(const StudyPlan& plan, const Records& records) {
  StageRuns result;
  for (const StudyStage& stage : plan.stages) {
    for (const int64_t seed : stage.seeds) {
      for (const Values& values : Combinations(stage.factors)) {
        for (const StructureWish& wish : plan.wishes) {
          if (!Takes(stage, wish)) continue;
          if (!stage.choice) {
            result.runs.push_back(MakeRun(stage, wish, values, seed));
            continue;
          }
          const auto chosen = Chosen(plan, *stage.choice, wish, records);
          if (!chosen) {
            result.complete = false;
            continue;
          }
          for (const std::string& value : *chosen) {
            Values more = {{&FactorOf(plan, *stage.choice), value}};
            more.insert(more.end(), values.begin(), values.end());
            result.runs.push_back(MakeRun(stage, wish, more, seed));
          }
        }
      }
    }
  }
  return result;
}

}  // namespace deepmad::train
