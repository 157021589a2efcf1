// The limit of work: the same answer whenever and wherever, and a report that says what ended the solve.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/build_info.h"
#include "mad/report/design_report.h"
#include "mad/search/solve_limits.h"

namespace deepmad::mad {
namespace {

DesignProblem Load(const std::string& name, const std::vector<std::string>& overrides = {}) {
  return LoadProblem(base::ConfigsFolder() + "/design/" + name + ".yaml", overrides);
}

// All of the report but the clock's part.
base::Json WithoutClock(const DesignProblem& problem) {
  const DesignResult result = Design(problem);
  base::Json report = DesignReportJson(problem, result, "problem.yaml");
  report.erase("solve_seconds");
  report["network"] = NetworkToYaml(result.network);
  return report;
}

TEST(WorkLimitTest, IsTheDefaultAndATimeLimitAloneTakesItsPlace) {
  EXPECT_EQ(Load("r18-224").solver.work_limit, 1);
  EXPECT_FALSE(Load("r18-224").solver.time_limit_seconds);
  const SolverOptions timed = Load("r18-224", {"solver.time_limit_seconds=3"}).solver;
  EXPECT_FALSE(timed.work_limit);
  EXPECT_EQ(timed.time_limit_seconds, 3);
  const SolverOptions both = Load("r18-224", {"solver.time_limit_seconds=3", "solver.work_limit=2"}).solver;
  EXPECT_EQ(both.work_limit, 2);
  EXPECT_EQ(both.time_limit_seconds, 3);
  EXPECT_FALSE(Load("r18-224", {"solver.work_limit=null"}).solver.work_limit);
  EXPECT_EQ(LimitsText(both), "a work limit of 2 (about 2 s), at most 3 s");
}

TEST(WorkLimitTest, GivesTheSameAnswerBesideBusyThreadsAndForAnyNumberOfThem) {
  std::atomic<bool> stop{false};
  for (const std::string name : {"r18-224", "classification-deepmad-89m", "classification-mbv2-flops"}) {
    const std::string limit = "solver.work_limit=0.15";
    const base::Json alone = WithoutClock(Load(name, {limit}));
    EXPECT_EQ(WithoutClock(Load(name, {limit, "solver.threads=3"})), alone) << name;
    std::vector<std::thread> busy;
    for (int i = 0; i < 4; ++i)
      busy.emplace_back([&] {
        while (!stop) std::this_thread::yield();
      });
    EXPECT_EQ(WithoutClock(Load(name, {limit, "solver.threads=2"})), alone) << name;
    stop = true;
    for (std::thread& thread : busy) thread.join();
    stop = false;
  }
}

TEST(WorkLimitTest, TheReportSaysWhatEndedTheSolve) {
  const auto report_of = [](const std::string& name, const std::vector<std::string>& overrides) {
    const DesignProblem problem = Load(name, overrides);
    return DesignReportJson(problem, Design(problem), "problem.yaml");
  };
  const auto expect = [](const base::Json& report, const std::string& status, const std::string& ended_by) {
    EXPECT_EQ(report.at("status").get<std::string>(), status);
    EXPECT_EQ(report.at("ended_by").get<std::string>(), ended_by);
  };
  const base::Json work = report_of("r18-224", {"solver.work_limit=0.1", "solver.gap=0"});
  expect(work, "work_limit", "work");
  EXPECT_GE(work.at("work").get<double>(), 0.1);
  EXPECT_LT(work.at("work").get<double>(), 0.4) << "the first box is looked at in any case";
  EXPECT_GE(work.at("upper_bound").get<double>(), work.at("objective").get<double>());
  expect(report_of("r18-224", {"solver.gap=0.2"}), "optimal_within_gap", "gap");

  const std::string published = "classification-deepmad-r34-flops";  // has a structure to start from, however short the time
  const std::string start = "solver.start=" + base::ConfigsFolder() + "/arch/deepmad-r34.yaml";
  expect(report_of(published, {start, "solver.time_limit_seconds=0.01", "solver.gap=0"}), "time_limit", "time");
  const std::string evolution = "solver.name=evolution_every_block";
  expect(report_of(published, {evolution, start, "solver.evolution.evaluations=2000"}), "feasible", "search");
  expect(report_of(published, {evolution, start, "solver.work_limit=0.01"}), "work_limit", "work");
}

TEST(WorkLimitTest, MoreWorkIsNotWorse) {
  double objective = 0, bound = 1e300;
  for (const std::string work : {"0.1", "0.3", "0.9"}) {
    const DesignResult result = Design(Load("r34-224", {"solver.work_limit=" + work}));
    EXPECT_GE(result.assessment.score.objective, 0.999 * objective);
    EXPECT_LE(*result.upper_bound, bound * (1 + 1e-3));
    objective = result.assessment.score.objective;
    bound = *result.upper_bound;
  }
}

TEST(SolveLimitsTest, SharesLeaveSomethingToTheNextPhase) {
  SolverOptions options;
  options.work_limit = 2;
  SolveLimits limits(options);
  EXPECT_EQ(limits.WorkLeft(0.25), static_cast<Ticks>(0.5 * kTicksAUnit));
  limits.Add(static_cast<Ticks>(0.6 * kTicksAUnit));
  EXPECT_TRUE(limits.IsOver(0.25));
  EXPECT_EQ(limits.WorkLeft(0.25), 0);
  EXPECT_FALSE(limits.IsOver());
  EXPECT_TRUE(limits.IsOver(1, static_cast<Ticks>(1.5 * kTicksAUnit)));
  EXPECT_EQ(limits.SecondsLeft(1), 0) << "no limit";
  EXPECT_NEAR(*limits.Progress(static_cast<Ticks>(0.4 * kTicksAUnit)), 0.5, 1e-9);
  options.work_limit.reset();
  const SolveLimits none(options);
  EXPECT_FALSE(none.IsOver());
  EXPECT_EQ(none.WorkLeft(0.5), kUnlimitedTicks);
  EXPECT_FALSE(none.Progress(0));
}

}  // namespace
}  // namespace deepmad::mad
