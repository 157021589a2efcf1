#include "tests/fakecuda/runtime/queue.h"

#include <algorithm>
#include <ctime>

#include "tests/fakecuda/runtime/calls.h"

namespace fakecuda {
namespace {

Nanoseconds queue_end = 0;
QueueTimes times;

}  // namespace

Nanoseconds Now() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * Nanoseconds{1'000'000'000} + time.tv_nsec;
}

double Seconds(Nanoseconds time) { return static_cast<double>(time) / 1e9; }

void SleepUntil(Nanoseconds time) {
  const timespec until{time / 1'000'000'000, time % 1'000'000'000};
  while (Now() < time) clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr);
}

Nanoseconds Occupy(double kernels, Nanoseconds earliest) {
  static const double microseconds = Setting("FAKE_CUDA_KERNEL_US", 0);
  const Lock lock(Mutex());
  if (microseconds <= 0) return earliest;
  const auto work = static_cast<Nanoseconds>(kernels * microseconds * 1000);
  const Nanoseconds start = std::max({Now(), earliest, queue_end});
  if (queue_end != 0) times.idle += start - queue_end;
  times.worked += work;
  return queue_end = start + work;
}

Nanoseconds QueueEnd() {
  const Lock lock(Mutex());
  return queue_end;
}

QueueTimes TheQueueTimes() { return times; }

}  // namespace fakecuda
