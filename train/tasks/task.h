// Tasks know what the training loop does not: how a batch becomes a loss, and how outputs become a score. They register themselves in
// train/tasks/.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/config/config.h"
#include "base/json.h"
#include "base/registry.h"
#include "data/loader/loader.h"
#include "mad/network/network_spec.h"
#include "models/layers/named_tensors.h"
#include "train/tasks/error_analysis.h"

namespace deepmad::data {
struct Datasets;
}

namespace deepmad::models {
class Network;
class ProcessGroup;
}  // namespace deepmad::models

namespace deepmad::train {

// Identifies the random draws of one batch.
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
  // Runs the network on a batch and counts its outputs. REQUIRES: the network is in evaluation mode, the batch on its device.
  virtual void Add(models::Network& network, const data::Batch& batch) = 0;
  // Called once, after the last Add() and before what follows: reads what Add() has left on the device, so that Add() need not wait for it.
  virtual void Finish() {}
  // The names that Values() returns, in its order. Losses start with "loss"; all others are fractions.
  virtual std::vector<std::string> Names() const = 0;
  // Sums the counts of all ranks, so that Values() covers the whole set on each of them. Throws FailedError if the metric cannot do so.
  virtual void AddRanks(const models::ProcessGroup& group);
  // The metrics by name. The first one selects the best weights; higher is better. Throws FailedError if nothing was added.
  virtual MetricValues Values() const = 0;
  // The error analysis for the report, or null if there is none.
  virtual const Findings* findings() const { return nullptr; }
  // Further results for the JSON document of a score, such as a table by class: an object. Call after AddRanks().
  virtual base::Json Particulars() const { return base::Json::object(); }
};

// What a task is told before training starts.
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
  // The kind of labels that samples must have.
  virtual data::LabelKind labels() const { return data::LabelKind::kWhole; }
  // Returns whether the task can train and score a network with this head.
  virtual bool Takes(const mad::HeadSpec& head) const { return head.IsClassifier(); }
  // Called once, before anything is scored. Reads the task's keys of the `validate` section; may change how validation data are prepared
  // and described (`protocol`).
  virtual void StartValidation(const base::Config&, data::Datasets&) {}
  // Makes later metrics write the network's predictions to `place`, a file or a folder. Throws UsageError if the task cannot write any.
  virtual void WritePredictions(const std::string& place);
  // Called once, before training. Not needed for scoring.
  virtual void Start(const TaskContext&) {}
  // Trained tensors that belong to the task and not to the network. Call after Start().
  virtual models::NamedTensors Parameters() const { return {}; }
  // A mark that every score must carry beside the protocol, such as "+kd"; empty if none.
  virtual std::string Mark() const { return ""; }
  // Runs the forward pass on a training batch on the network's device and returns the loss: a float32 scalar, mean over the batch. May
  // modify batch.images.
  virtual at::Tensor Loss(models::Network& network, data::Batch& batch, const BatchPosition& position) const = 0;
  virtual std::unique_ptr<TaskMetric> NewMetric() const = 0;
};

// The inputs of the loss of one batch, after all random draws, on the network's device. Shapes depend on the batch size only.
struct TaskInputs {
  at::Tensor images;   // [N, C, H, W] float32, normalised
  at::Tensor targets;  // [N, K] float32: a distribution over classes
};

// A task whose loss is the same work for all batches of one size, so that it can be captured in a CUDA graph.
class ReplayableTask : public Task {
 public:
  at::Tensor Loss(models::Network& network, data::Batch& batch, const BatchPosition& position) const final {
    return LossOf(network, Inputs(batch, position));
  }
  virtual TaskInputs Inputs(data::Batch& batch, const BatchPosition& position) const = 0;
  // Computes the loss, a scalar, without random draws and without reading a tensor on the CPU.
  virtual at::Tensor LossOf(models::Network& network, const TaskInputs& inputs) const = 0;
};

// A factory gets the `task` section and the number of classes in the data.
using TaskRegistry = base::Registry<std::unique_ptr<Task>(const base::Config&, int64_t classes)>;

// Returns `task.name` of a run's configuration, "classification" by default. Throws UsageError for an unknown name.
std::string TaskName(const base::Config& run);
std::unique_ptr<Task> MakeTask(const base::Config& run, int64_t classes);

// Returns all trained tensors by name: unfrozen parameters of the network, and tensors of the task under "task.". Call after Task::Start().
models::NamedTensors TrainedParameters(const models::Network& network, const Task& task);

}  // namespace deepmad::train

template <>
const char* deepmad::train::TaskRegistry::kind();
