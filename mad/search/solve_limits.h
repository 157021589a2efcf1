// What may end a solve before its proof does: the problem's limits of work and of time, and how much of both is gone.
#pragma once

#include <chrono>
#include <optional>

#include "mad/problem/problem.h"
#include "mad/search/work.h"

namespace deepmad::mad {

class SolveLimits {
 public:
  // The clock starts.
  explicit SolveLimits(const SolverOptions& options);

  // Work of a finished phase. Not while threads ask.
  void Add(Ticks work) { done_ += work; }
  Ticks done() const { return done_; }
  double ElapsedSeconds() const;

  // `share` of a limit is what a phase may use up together with those before it; `more` is work that was not added yet.
  bool IsWorkSpent(double share = 1, Ticks more = 0) const;
  bool IsTimeOver(double share = 1) const;
  bool IsOver(double share = 1, Ticks more = 0) const { return IsWorkSpent(share, more) || IsTimeOver(share); }
  Ticks WorkLeft(double share) const;      // 0 where it is spent, kUnlimitedTicks where there is no limit
  double SecondsLeft(double share) const;  // above 0; 0 where there is no limit

  // How far the solve is on its way to the limit that is nearer, 0 to 1; nullopt without a limit.
  std::optional<double> Progress(Ticks more) const;

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point start_;
  std::optional<double> seconds_;
  std::optional<Ticks> work_;
  Ticks done_ = 0;
};

}  // namespace deepmad::mad
