#include "tests/fakecuda/runtime/calls.h"

#include <execinfo.h>
#include <link.h>

#include <cstdint>
#include <cstdlib>
#include <utility>

#include "tests/fakecuda/runtime/queue.h"

namespace fakecuda {
namespace {

thread_local cudaError_t last_error = cudaSuccess;

struct Range {
  uintptr_t begin = 0, end = 0;
};

// Of the program's own code, which comes first among what is loaded.
Range ProgramRange() {
  Range range;
  dl_iterate_phdr(
      [](dl_phdr_info* info, size_t, void* found) {
        auto& code = *static_cast<Range*>(found);
        for (int i = 0; i < info->dlpi_phnum; ++i) {
          const auto& header = info->dlpi_phdr[i];
          if (header.p_type != PT_LOAD || (header.p_flags & PF_X) == 0) continue;
          code.begin = info->dlpi_addr + header.p_vaddr;
          code.end = code.begin + header.p_memsz;
        }
        return 1;
      },
      &range);
  return range;
}

// The innermost calls that belong to the program itself: libraries lie between it and the runtime.
std::vector<void*> Callers() {
  constexpr int kDepth = 64;
  constexpr size_t kKept = 5;
  static const Range program = ProgramRange();
  void* frames[kDepth];
  const int count = backtrace(frames, kDepth);
  std::vector<void*> callers;
  for (int i = 0; i < count && callers.size() < kKept; ++i) {
    const auto address = reinterpret_cast<uintptr_t>(frames[i]);
    if (address >= program.begin && address < program.end) callers.push_back(frames[i]);
  }
  return callers;
}

}  // namespace

std::recursive_mutex& Mutex() {
  static auto* const mutex = new std::recursive_mutex;
  return *mutex;
}

double Setting(const char* name, double fallback) {
  const char* value = std::getenv(name);
  return value == nullptr ? fallback : std::atof(value);
}

// Made when first used and never destroyed: libraries call before this one's globals are there and after they are gone.
Calls& TheCalls() {
  static auto* const calls = new Calls;
  return *calls;
}

void Count(const std::string& call) {
  static const bool with_callers = Setting("FAKE_CUDA_STACKS", 0) != 0;
  const Lock lock(Mutex());
  Calls& calls = TheCalls();
  ++calls.all[call];
  ++calls.lap[call];
  if (with_callers) ++calls.callers[call][Callers()];
}

cudaError_t Refuse(cudaError_t error, const std::string& call) {
  const Lock lock(Mutex());
  ++TheCalls().refused[call + ": " + cudaGetErrorName(error)];
  return last_error = error;
}

void EndLap() {
  const Lock lock(Mutex());
  const QueueTimes times = TheQueueTimes();
  TheCalls().laps.push_back({std::exchange(TheCalls().lap, {}), Seconds(Now()), Seconds(times.worked), Seconds(times.idle)});
}

}  // namespace fakecuda

FAKE_CUDA_API cudaError_t cudaGetLastError() { return std::exchange(fakecuda::last_error, cudaSuccess); }
FAKE_CUDA_API cudaError_t cudaPeekAtLastError() { return fakecuda::last_error; }
