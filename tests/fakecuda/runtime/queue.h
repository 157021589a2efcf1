// The time that work takes: kernels of FAKE_CUDA_KERNEL_US each, one at a time, as a device does that is full with one. 0: none.
#pragma once

#include <cstdint>

namespace fakecuda {

using Nanoseconds = int64_t;

Nanoseconds Now();
double Seconds(Nanoseconds time);
void SleepUntil(Nanoseconds time);

// Puts kernels behind what is queued, not before `earliest`; returns when they are over.
Nanoseconds Occupy(double kernels, Nanoseconds earliest);
// When all that is queued is over.
Nanoseconds QueueEnd();

// Since the first kernel: working, and waiting for the next one.
struct QueueTimes {
  Nanoseconds worked = 0, idle = 0;
};
QueueTimes TheQueueTimes();

}  // namespace fakecuda
