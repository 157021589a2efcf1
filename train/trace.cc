#include "train/trace.h"

#include <torch/csrc/autograd/profiler_kineto.h>

#include <filesystem>
#include <set>

#include "base/error.h"
#include "base/log.h"

namespace deepmad::train {
namespace {

namespace profiler = torch::autograd::profiler;
using Activity = torch::profiler::impl::ActivityType;

}  // namespace

Trace::~Trace() {
  if (recording_) profiler::disableProfiler();
}

void Trace::NextUpdate() {
  if (path_.empty()) return;
  const int update = next_++;
  if (update == kFirst) {
    const torch::profiler::impl::ProfilerConfig config(torch::profiler::impl::ProfilerState::KINETO, /*report_input_shapes=*/true);
    std::set<Activity> activities = {Activity::CPU};
    if (device_.is_cuda()) activities.insert(Activity::CUDA);
    profiler::prepareProfiler(config, activities);
    profiler::enableProfiler(config, activities,
                             {at::RecordScope::FUNCTION, at::RecordScope::BACKWARD_FUNCTION, at::RecordScope::USER_SCOPE});
    recording_ = true;
  } else if (update == kLast + 1) {
    Write();
  }
}

void Trace::Finish() {
  if (path_.empty()) return;
  if (recording_) Write();
  if (next_ <= kFirst) {
    throw base::FailedError("too few updates were left to trace one, " + std::to_string(kFirst + 1) + " are needed", path_,
                            "profile a longer run");
  }
}

void Trace::Write() {
  recording_ = false;
  profiler::disableProfiler()->save(path_);
  std::error_code absent;
  if (std::filesystem::file_size(path_, absent) == 0 || absent) throw base::FailedError("cannot write the trace", path_);
  base::LogInfo("the trace is in " + path_);
}

}  // namespace deepmad::train
