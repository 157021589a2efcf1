// A task owns what the loop must not know: how a batch becomes a loss, and how outputs become a score. Tasks register themselves:
// train/tasks/.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/config.h"
#include "base/json.h"
#include "base/registry.h"
#include "data/loader/loader.h"
#include "mad/network_spec.h"
#include "train/findings.h"
#include "train/named_tensors.h"

namespace deepmad::data {
struct Datasets;
}

namespace deepmad::models {
class Network;
class ProcessGroup;
}  // namespace deepmad::models

namespace deepmad::train {

// Names the random draws of one batch.
struct BatchPosition {
  uint64_t seed = 0;
  int64_t epoch = 0;
  int64_t batch = 0;  // of the epoch
};

using MetricValues = std::vector<std::pair<std::string, double>>;

// The score of one pass over a validation set.
class TaskMetric {
 public:
  virtual ~TaskMetric() = default;
  // Runs the network, in evaluation mode and the run's precision, on a batch on its device, and counts what it makes of it.
  virtual void Add(models::Network& network, const data::Batch& batch) = 0;
  // Once, after the last Add and before all of the following: reads what Add has left on the device, so that Add need not wait for it.
  virtual void Finish() {}
  // What Values() will have, in its order. Losses start with "loss"; all else are fractions.
  virtual std::vector<std::string> Names() const = 0;
  // Adds what all ranks have counted, so that Values() is of the whole set on each of them. FailedError unless a metric can.
  virtual void AddRanks(const models::ProcessGroup& group);
  // By name; the first one decides which weights are the best, higher being better. FailedError when nothing was added.
  virtual MetricValues Values() const = 0;
  // What to show of it besides; null: nothing.
  virtual const Findings* findings() const { return nullptr; }
  // What a document of the score has besides: an object, after AddRanks of the whole set.
  virtual base::Json Particulars() const { return base::Json::object(); }
};

// What a task may need to know before training starts.
struct TaskContext {
  models::Network& network;  // on the device
  at::Device device;
  bool channels_last;
  uint64_t seed;
  const models::ProcessGroup* group = nullptr;  // the processes that train together; null: this one alone
};

class Task {
 public:
  virtual ~Task() = default;
  // What a sample must have a label for.
  virtual data::LabelKind labels() const { return data::LabelKind::kWhole; }
  // Whether it can score what such a head gives.
  virtual bool Takes(const mad::HeadSpec& head) const { return head.IsClassifier(); }
  // Once, before anything is scored. Reads its own keys of the `validate` section; may change how the data are prepared for validation and
  // what their protocol says.
  virtual void StartValidation(const base::Config&, data::Datasets&) {}
  // Metrics made from then on also write what the network predicts to a place. UsageError for a task that writes nothing.
  virtual void WritePredictions(const std::string& place);
  // Once, before training; scoring needs no start.
  virtual void Start(const TaskContext&) {}
  // Tensors of the task's own that are trained with the network and not part of it; after Start.
  virtual NamedTensors Parameters() const { return {}; }
  // What has to be said with every score besides the protocol ("+kd"); empty: nothing.
  virtual std::string Mark() const { return ""; }
  // Forward pass and loss of one training batch on the network's device: a float32 scalar, mean over the batch. May change batch.images.
  virtual at::Tensor Loss(models::Network& network, data::Batch& batch, const BatchPosition& position) const = 0;
  virtual std::unique_ptr<TaskMetric> NewMetric() const = 0;
};

// What the loss of one batch is computed from, drawn and mixed: on the network's device, of the same shapes for batches of the same size.
struct TaskInputs {
  at::Tensor images;
  at::Tensor targets;
};

// A task whose loss is the same work for each batch of a size, so that it can be recorded.
class ReplayableTask : public Task {
 public:
  at::Tensor Loss(models::Network& network, data::Batch& batch, const BatchPosition& position) const final {
    return LossOf(network, Inputs(batch, position));
  }
  virtual TaskInputs Inputs(data::Batch& batch, const BatchPosition& position) const = 0;
  // Draws nothing, and reads no tensor on the processor.
  virtual at::Tensor LossOf(models::Network& network, const TaskInputs& inputs) const = 0;
};

// From the `task` section and the number of classes in the data.
using TaskRegistry = base::Registry<std::unique_ptr<Task>(const base::Config&, int64_t classes)>;

// What the root of a run's configuration asks for: `task.name`, classification where it is not given. UsageError for an unknown one.
std::string TaskName(const base::Config& run);
std::unique_ptr<Task> MakeTask(const base::Config& run, int64_t classes);

// All that is trained, by name: of the network what is not frozen, of the task under "task.". After Start.
NamedTensors TrainedParameters(const models::Network& network, const Task& task);

}  // namespace deepmad::train

template <>
const char* deepmad::train::TaskRegistry::kind();
