#include "train/tune/halving.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"

namespace deepmad::train {
namespace {

constexpr int64_t kLeastUpdates = 10;
constexpr double kDiverged = -1;  // below every score

int CeilDivide(int value, int divisor) { return (value + divisor - 1) / divisor; }

std::string RunName(size_t rung, const RungResult& entrant, int64_t seed) {
  return fmt::format("rung-{}/{}/lr={}/seed={}", rung, entrant.structure, entrant.rate, seed);
}

// Trainings weighed with their lengths, those of the first rung being 1.
double WeighedRuns(const std::vector<Rung>& rungs, int keep) {
  double sum = 0, length = 1;
  for (const Rung& rung : rungs) {
    sum += static_cast<double>(rung.Runs()) * length;
    length *= keep;
  }
  return sum;
}

}  // namespace

std::vector<Rung> PlanRungs(const TunePlan& plan, int structures, int64_t full_updates) {
  const int rates = static_cast<int>(plan.rates.size());
  std::vector<Rung> rungs;
  int left = structures;
  if (rates > 1 || left > plan.finalists) rungs.push_back({left, rates, 1});
  while (left > plan.finalists) {
    left = std::max(plan.finalists, CeilDivide(left, plan.keep));
    rungs.push_back({left, 1, 1});
  }
  if (rungs.empty() || rungs.back().rates > 1) rungs.push_back({left, 1, 1});
  rungs.back().seeds = plan.seeds;

  const double weighed = WeighedRuns(rungs, plan.keep), full = static_cast<double>(full_updates);
  double length = (plan.cost - 1) * full / weighed;
  if (length < static_cast<double>(kLeastUpdates)) {
    const double enough = 1 + static_cast<double>(kLeastUpdates) * weighed / full;
    throw base::UsageError(fmt::format("a cost of {:g} full trainings leaves {:.1f} updates to each of the {} first trainings", plan.cost,
                                       length, rungs.front().Runs()),
                           plan.name, fmt::format("set tune.cost={:.1f}, or compare fewer candidates", std::ceil(enough * 10) / 10));
  }
  for (Rung& rung : rungs) {
    rung.updates = static_cast<int64_t>(std::min(length, full));
    length *= plan.keep;
  }
  return rungs;
}

double CostOf(const std::vector<Rung>& rungs, int64_t full_updates) {
  int64_t updates = full_updates;
  for (const Rung& rung : rungs) updates += rung.Runs() * rung.updates;
  return static_cast<double>(updates) / static_cast<double>(full_updates);
}

double RungResult::Mean() const { return std::accumulate(scores.begin(), scores.end(), 0.0) / static_cast<double>(scores.size()); }

std::vector<RungResult> EntrantsOf(const TunePlan& plan, const TuneCandidates& candidates, const std::vector<Rung>& rungs, size_t rung,
                                   const std::vector<RungResult>& before) {
  std::vector<RungResult> entrants;
  if (rung == 0) {
    for (const StudyStructure& structure : candidates.structures) {
      for (const std::string& rate : plan.rates) entrants.push_back({structure.name, rate, {}});
    }
    return entrants;
  }
  const auto group = [&](const RungResult& result) {
    return std::find_if(candidates.structures.begin(), candidates.structures.end(),
                        [&](const StudyStructure& one) { return one.name == result.structure; })
        ->group;
  };
  const size_t places = static_cast<size_t>(rungs[rung].structures);
  for (size_t i = 0; i < places; ++i) entrants.push_back({before[i].structure, before[i].rate, {}});
  for (size_t i = places; i < before.size(); ++i) {
    const std::string missing = group(before[i]);
    if (std::any_of(entrants.begin(), entrants.end(), [&](const RungResult& one) { return group(one) == missing; })) continue;
    entrants.back() = {before[i].structure, before[i].rate, {}};
    break;
  }
  return entrants;
}

std::vector<RungResult> ResultsOf(const TunePlan& plan, const std::vector<Rung>& rungs, size_t rung,
                                  const std::vector<RungResult>& entrants, const std::map<std::string, base::Json>& records) {
  std::vector<RungResult> results;
  for (RungResult entrant : entrants) {
    for (int seed = 0; seed < rungs[rung].seeds; ++seed) {
      const auto record = records.find(RunName(rung, entrant, plan.seed + seed));
      if (record == records.end()) return {};
      const base::Json& score = record->second.at("score");
      entrant.scores.push_back(score.is_null() ? kDiverged : score.get<double>());
    }
    const auto same = [&](const RungResult& other) { return other.structure == entrant.structure; };
    const auto other = std::find_if(results.begin(), results.end(), same);
    if (other == results.end()) {
      results.push_back(std::move(entrant));
    } else if (entrant.Mean() > other->Mean()) {
      *other = std::move(entrant);
    }
  }
  std::stable_sort(results.begin(), results.end(), [](const RungResult& a, const RungResult& b) { return a.Mean() > b.Mean(); });
  return results;
}

StageRuns RunsOfRungs(const TunePlan& plan, const TuneCandidates& candidates, const std::vector<Rung>& rungs,
                      const std::vector<std::vector<std::string>>& changes, const std::map<std::string, base::Json>& records) {
  StageRuns all;
  std::vector<RungResult> before;
  for (size_t rung = 0; rung < rungs.size(); ++rung) {
    const std::vector<RungResult> entrants = EntrantsOf(plan, candidates, rungs, rung, before);
    for (int seed = 0; seed < rungs[rung].seeds; ++seed) {
      for (const RungResult& entrant : entrants) {
        StudyRun run;
        run.seed = plan.seed + seed;
        run.name = RunName(rung, entrant, run.seed);
        run.stage = fmt::format("rung-{}", rung);
        run.structure = run.group = entrant.structure;
        run.factors = {{"lr", entrant.rate}};
        run.changes = changes[rung];
        run.changes.push_back(plan.rate_key + "=" + entrant.rate);
        all.runs.push_back(std::move(run));
      }
    }
    before = ResultsOf(plan, rungs, rung, entrants, records);
    if (before.empty()) {
      all.complete = rung + 1 == rungs.size();
      return all;
    }
  }
  return all;
}

std::vector<std::string> ShortTraining(const base::Config& recipe, const FullTraining& full, int64_t updates) {
  const base::Config schedule = recipe.Section("train").Section("schedule");
  std::vector<std::string> changes = {"train.epochs=null", fmt::format("train.steps={}", updates), "validate.every_epochs=null",
                                      fmt::format("validate.every_steps={}", updates)};
  // The short training is a single epoch.
  const double epochs = static_cast<double>(full.epochs);
  if (schedule.Has("warmup_epochs")) {
    changes.push_back(fmt::format("train.schedule.warmup_epochs={}", schedule.GetDouble("warmup_epochs", 0, 0, 1e9) / epochs));
  }
  if (schedule.Has("milestones")) {
    std::vector<double> milestones = schedule.GetDoubles("milestones", {}, 0, 1e9);
    for (double& milestone : milestones) milestone /= epochs;
    changes.push_back(fmt::format("train.schedule.milestones=[{}]", fmt::join(milestones, ", ")));
  }
  if (schedule.Has("warmup_steps")) {
    const double steps = static_cast<double>(schedule.GetInt("warmup_steps", 0, 0, 1'000'000'000));
    changes.push_back(fmt::format("train.schedule.warmup_steps={}",
                                  std::llround(steps * static_cast<double>(updates) / static_cast<double>(full.updates))));
  }
  return changes;
}

}  // namespace deepmad::train
