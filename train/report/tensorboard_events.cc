#include "train/report/tensorboard_events.h"

#include <chrono>
#include <filesystem>

#include "base/atomic_file.h"
#include "base/error.h"
#include "tensorboard.pb.h"  // generated
#include "train/report/tf_record.h"

namespace deepmad::train {
namespace {

using tensorboard::Event;
using tensorboard::Summary;

constexpr const char* kFileVersion = "brain.Event:2";

double Now() { return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count(); }

std::vector<Event> ReadEvents(const std::string& path) {
  const std::string content = base::ReadFile(path);
  std::vector<Event> events;
  for (const std::string_view record : UnframeRecords(content)) {
    Event event;
    if (!event.ParseFromArray(record.data(), static_cast<int>(record.size())))
      throw base::FailedError("not a TensorBoard event file", path);
    events.push_back(std::move(event));
  }
  // A process killed at once leaves a torn first event, which is shorter than this.
  constexpr size_t kFirstEventBytes = 64;
  if (events.empty() && content.size() < kFirstEventBytes) return {};
  if (events.empty() || events[0].file_version() != kFileVersion) throw base::FailedError("not a TensorBoard event file", path);
  return events;
}

}  // namespace

TensorboardEvents::TensorboardEvents(const std::string& path) : file_(path) {
  if (!file_.was_empty()) return;
  Event first;
  first.set_wall_time(Now());
  first.set_file_version(kFileVersion);
  file_.Append(FrameRecord(first.SerializeAsString()));
}

void TensorboardEvents::Add(int64_t step, const std::vector<std::pair<std::string, double>>& values, double wall_time) {
  Event event;
  event.set_wall_time(wall_time);
  event.set_step(step);
  for (const auto& [tag, value] : values) {
    Summary::Value* entry = event.mutable_summary()->add_value();
    entry->set_tag(tag);
    entry->set_simple_value(static_cast<float>(value));
  }
  file_.Append(FrameRecord(event.SerializeAsString()));
}

void TensorboardEvents::Add(int64_t step, const std::vector<std::pair<std::string, double>>& values) { Add(step, values, Now()); }

void CutTensorboardEvents(const std::string& path, const std::function<bool(int64_t step, const std::string& tag)>& keep) {
  if (!std::filesystem::exists(path)) return;
  std::string kept;
  for (const Event& event : ReadEvents(path)) {
    Event copy = event;
    if (event.has_summary()) {
      copy.clear_summary();
      for (const Summary::Value& value : event.summary().value()) {
        if (keep(event.step(), value.tag())) *copy.mutable_summary()->add_value() = value;
      }
      if (!copy.has_summary()) continue;
    }
    kept += FrameRecord(copy.SerializeAsString());
  }
  base::WriteFileAtomically(path, kept);
}

std::vector<TensorboardScalar> ReadTensorboardScalars(const std::string& path) {
  std::vector<TensorboardScalar> scalars;
  for (const Event& event : ReadEvents(path)) {
    for (const Summary::Value& value : event.summary().value()) {
      scalars.push_back({event.step(), event.wall_time(), value.tag(), value.simple_value()});
    }
  }
  return scalars;
}

}  // namespace deepmad::train
