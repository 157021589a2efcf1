#include "mad/search/solve_limits.h"

#include <algorithm>
#include <cmath>

namespace deepmad::mad {

SolveLimits::SolveLimits(const SolverOptions& options) : start_(Clock::now()), seconds_(options.time_limit_seconds) {
  if (options.work_limit) work_ = std::llround(*options.work_limit * kTicksAUnit);
}

double SolveLimits::ElapsedSeconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

bool SolveLimits::IsWorkSpent(double share, Ticks more) const {
  return work_ && static_cast<double>(done_ + more) > share * static_cast<double>(*work_);
}

bool SolveLimits::IsTimeOver(double share) const { return seconds_ && ElapsedSeconds() > share * *seconds_; }

Ticks SolveLimits::WorkLeft(double share) const {
  if (!work_) return kUnlimitedTicks;
  return std::max<Ticks>(0, static_cast<Ticks>(share * static_cast<double>(*work_)) - done_);
}

double SolveLimits::SecondsLeft(double share) const {
  constexpr double kLeast = 1e-3;
  return seconds_ ? std::max(kLeast, share * *seconds_ - ElapsedSeconds()) : 0;
}

std::optional<double> SolveLimits::Progress(Ticks more) const {
  if (!work_ && !seconds_) return std::nullopt;
  const double of_work = work_ ? static_cast<double>(done_ + more) / static_cast<double>(*work_) : 0;
  const double of_time = seconds_ ? ElapsedSeconds() / *seconds_ : 0;
  return std::clamp(std::max(of_work, of_time), 0.0, 1.0);
}

}  // namespace deepmad::mad
