// What a program asked of the stand-in: calls counted by kind, by caller and by lap, and those that CUDA would have refused.
#pragma once

#include <cuda_runtime_api.h>

#include <map>
#include <mutex>
#include <string>
#include <vector>

// Only what is marked so is seen by the program: it must hide the real libraries' functions and nothing else.
#define FAKE_CUDA_API extern "C" __attribute__((visibility("default")))

namespace fakecuda {

// One lock for all: calls are short, and a program makes few of them at a time.
std::recursive_mutex& Mutex();
using Lock = std::lock_guard<std::recursive_mutex>;

// The environment variable as a number.
double Setting(const char* name, double fallback);

void Count(const std::string& call);
// Counts a call that fails, and leaves its error to be asked for.
cudaError_t Refuse(cudaError_t error, const std::string& call);
// Ends a lap: what was counted since the one before is kept for itself.
void EndLap();

struct Lap {
  std::map<std::string, long> calls;
  double at_seconds = 0, worked_seconds = 0, idle_seconds = 0;  // by the clock, and of the queue (queue.h) until then
};

struct Calls {
  std::map<std::string, long> all, refused;
  std::map<std::string, std::map<std::vector<void*>, long>> callers;  // with FAKE_CUDA_STACKS=1: return addresses in the program itself
  std::map<std::string, long> lap;                                    // of the lap under way
  std::vector<Lap> laps;
};
Calls& TheCalls();

}  // namespace fakecuda
