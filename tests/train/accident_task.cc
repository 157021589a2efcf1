// The task of tests/train/accident_run.h.
#include <ATen/Context.h>

#include <limits>

#include "tests/train/accident_run.h"
#include "train/tasks/task.h"

namespace deepmad::train {
namespace {

bool Happens(const std::optional<Accident>& accident, const BatchPosition& position) {
  return accident && accident->epoch == position.epoch && accident->batch == position.batch;
}

class LostMetric : public TaskMetric {
 public:
  void Add(models::Network&, const data::Batch&) override {}
  std::vector<std::string> Names() const override { return {"top1"}; }
  MetricValues Values() const override { return {{"top1", std::numeric_limits<double>::infinity()}}; }
};

class AccidentTask : public Task {
 public:
  AccidentTask(const base::Config& section, int64_t classes) : task_(TaskRegistry::Get().Create("classification", section, classes)) {}
  at::Tensor Loss(models::Network& network, data::Batch& batch, const BatchPosition& position) const override {
    if (Happens(stop_at, position)) base::RequestStop();
    if (lose_order) at::globalContext().alertNotDeterministic("some_pool_backward_cuda");
    const at::Tensor loss = task_->Loss(network, batch, position);
    if (Happens(lose_gradient_at, position)) return loss.sub(loss).sqrt().add(loss);  // adds 0, whose slope is infinite
    return Happens(lose_at, position) ? loss.mul(std::numeric_limits<double>::quiet_NaN()) : loss;
  }
  std::unique_ptr<TaskMetric> NewMetric() const override {
    if (metrics_until_stop > 0 && --metrics_until_stop == 0) base::RequestStop();
    if (lose_score) return std::make_unique<LostMetric>();
    return task_->NewMetric();
  }

 private:
  std::unique_ptr<Task> task_;
};

DEEPMAD_REGISTER(TaskRegistry, "accident", "for tests",
                 [](const base::Config& section, int64_t classes) { return std::make_unique<AccidentTask>(section, classes); });

}  // namespace
}  // namespace deepmad::train
