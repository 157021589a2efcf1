// Successive halving (Jamieson and Talwalkar, arXiv 1502.07943): all candidates are trained for a short time, the best of them for longer.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/config/config.h"
#include "base/json.h"
#include "train/study/stage_runs.h"
#include "train/tune/tune_candidates.h"
#include "train/tune/tune_plan.h"

namespace deepmad::train {

// Trainings of one length. The first rung tries every candidate with every learning rate; the others train each candidate at its own best
// rate; the last does so with several seeds.
struct Rung {
  int structures = 0;
  int rates = 1;
  int seeds = 1;
  int64_t updates = 0;  // of each training

  int64_t Runs() const { return int64_t{structures} * rates * seeds; }
};

// The rungs for a number of candidates and the updates of a full training. Each rung's trainings are `plan.keep` times as long as the one
// before it, at most full ones, and all of them with one full training cost `plan.cost` full trainings, rounded down.
// Throws UsageError, naming the cost that would do, if a training of the first rung had fewer than ten updates.
std::vector<Rung> PlanRungs(const TunePlan& plan, int structures, int64_t full_updates);

// What the rungs and one full training cost, in full trainings.
double CostOf(const std::vector<Rung>& rungs, int64_t full_updates);

// A training of one structure at one rate: its scores in a rung by seed, in the order of the seeds.
struct RungResult {
  std::string structure, rate;
  std::vector<double> scores;  // below 0 for a training that diverged

  double Mean() const;
};

// The results of a rung in the order of merit: each structure once, at its best rate; of equal ones the earlier candidate first. Empty as
// long as a run of the rung has no record. `entrants`: the structures of the rung with their rates, as EntrantsOf gives them.
std::vector<RungResult> ResultsOf(const TunePlan& plan, const std::vector<Rung>& rungs, size_t rung,
                                  const std::vector<RungResult>& entrants, const std::map<std::string, base::Json>& records);

// Who is trained in a rung: the best of the rung before it, but always its best design and its best hand-made shape, so that the end can
// say by how much one is ahead of the other. `before`: ResultsOf the rung before; ignored for the first.
std::vector<RungResult> EntrantsOf(const TunePlan& plan, const TuneCandidates& candidates, const std::vector<Rung>& rungs, size_t rung,
                                   const std::vector<RungResult>& before);

// The trainings that are known by the records so far, rung by rung. `changes`: of the recipe, one list a rung (ShortTraining).
StageRuns RunsOfRungs(const TunePlan& plan, const TuneCandidates& candidates, const std::vector<Rung>& rungs,
                      const std::vector<std::vector<std::string>>& changes, const std::map<std::string, base::Json>& records);

// How long a training by the recipe as it stands is.
struct FullTraining {
  int64_t updates = 0;
  int64_t epochs = 0;  // between which it may validate
};

// Overrides that make the recipe's full training one of `updates`, with one validation at its end: the schedule keeps its shape (warm-up
// and milestones shrink in proportion).
std::vector<std::string> ShortTraining(const base::Config& recipe, const FullTraining& full, int64_t updates);

}  // namespace deepmad::train
