#include "train/loop/profiler_trace.h"

#include <torch/csrc/autograd/profiler_kineto.h>

#include <filesystem>
#include <set>

#include "base/error.h"
#include "base/json.h"
#include "base/log.h"

// As torch/csrc/profiler/kineto_shim.h declares it; that header needs others which LibTorch does not have.
namespace torch::autograd::profiler {
TORCH_API void addMetadataJson(const std::string& key, const std::string& value);
}

namespace deepmad::train {
namespace {

namespace profiler = torch::autograd::profiler;
using Activity = torch::profiler::impl::ActivityType;

std::string FileOfRank(const std::string& path, const RankGroup* ranks) {
  if (path.empty() || ranks == nullptr) return path;
  std::filesystem::path file(path);
  const std::string extension = file.extension();
  file.replace_extension();
  return file.string() + ".rank" + std::to_string(ranks->rank()) + extension;
}

}  // namespace

Trace::Trace(const std::string& path, at::Device device, const RankGroup* ranks)
    : path_(FileOfRank(path, ranks)), device_(device), ranks_(ranks) {}

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
    if (ranks_ != nullptr) {  // under the name at which tools for traces of several ranks look
      profiler::addMetadataJson(
          "distributedInfo",
          base::JsonLine({{"backend", device_.is_cuda() ? "nccl" : "gloo"}, {"rank", ranks_->rank()}, {"world_size", ranks_->size()}}));
    }
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
