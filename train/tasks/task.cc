#include "train/tasks/task.h"

#include "base/error.h"
#include "models/network/network.h"

template <>
const char* deepmad::train::TaskRegistry::kind() {
  return "task";
}

namespace deepmad::train {

void TaskMetric::AddRanks(const models::ProcessGroup&) {
  throw base::FailedError("the score of this task cannot be added up over processes", "task", "validate it in one process");
}

void Task::WritePredictions(const std::string& place) {
  throw base::UsageError("this task writes no predictions", place, "leave out --predictions (or --results)");
}

std::string TaskName(const base::Config& run) { return run.Section("task").GetString("name", "classification"); }

std::unique_ptr<Task> MakeTask(const base::Config& run, int64_t classes) {
  const base::Config section = run.Section("task");
  return TaskRegistry::Get().Find(TaskName(run), section.Where("name")).factory(section, classes);
}

models::NamedTensors TrainedParameters(const models::Network& network, const Task& task) {
  models::NamedTensors parameters;
  for (const auto& named : network.named_parameters()) {
    if (named.value().requires_grad()) parameters.emplace_back(named.key(), named.value());
  }
  for (auto& named : models::WithPrefix(task.Parameters(), "task.")) parameters.push_back(std::move(named));
  return parameters;
}

}  // namespace deepmad::train
