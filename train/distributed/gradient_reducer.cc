#include "train/distributed/gradient_reducer.h"

#include <torch/csrc/distributed/c10d/logger.hpp>
#include <torch/csrc/distributed/c10d/reducer.hpp>

#include "train/distributed/bucket_assignment.h"

namespace deepmad::train {

struct GradientReducer::Engine {
  std::shared_ptr<c10d::Reducer> reducer;
  std::shared_ptr<c10d::Logger> logger;
};

GradientReducer::GradientReducer(const models::NamedTensors& named, const RankGroup& group) : engine_(std::make_unique<Engine>()) {
  std::vector<at::Tensor> parameters;
  for (const auto& [name, parameter] : named) parameters.push_back(parameter);
  for (const at::Tensor& parameter : parameters) bytes_ += static_cast<int64_t>(parameter.nbytes());
  std::vector<std::vector<size_t>> buckets = BucketsOf(named);
  buckets_ = static_cast<int64_t>(buckets.size());
  const std::vector<bool> none_sparse(parameters.size(), false);
  // With find_unused_parameters the buckets stay as they are; else they are cut anew after the first update, and the order of a sum over
  // three or more ranks, so its last bits, would depend on where a run was interrupted.
  engine_->reducer = std::make_shared<c10d::Reducer>(
      std::move(parameters), std::move(buckets), group.c10d(), none_sparse, static_cast<int64_t>(kBucketBytes),
      /*find_unused_parameters=*/true, /*gradient_as_bucket_view=*/true, std::unordered_map<size_t, std::string>(),
      static_cast<int64_t>(kFirstBucketBytes), /*skip_all_reduce_unused_params=*/false, /*use_python_reducer=*/false,
      std::vector<int64_t>());
  engine_->logger = std::make_shared<c10d::Logger>(engine_->reducer);
  engine_->reducer->set_logger(engine_->logger);
  engine_->logger->set_construction_data_and_log("deepmad", {}, -1, /*broadcast_buffers=*/false, /*has_sync_bn=*/false,
                                                 /*static_graph=*/false);
}

GradientReducer::~GradientReducer() { engine_->reducer->remove_autograd_hooks(); }

void GradientReducer::PrepareForward() {
  engine_->logger->set_runtime_stats_and_log();
  engine_->reducer->prepare_for_forward();
}

void GradientReducer::PrepareBackward(const at::Tensor& loss) { engine_->reducer->prepare_for_backward({loss}); }

ReductionTimes GradientReducer::Times() const {
  const std::map<std::string, int64_t> values = engine_->logger->get_ddp_logging_data().ints_map;
  const auto seconds = [&](const char* name) {
    const auto value = values.find(name);
    return value == values.end() ? 0 : static_cast<double>(value->second) * 1e-9;
  };
  return {seconds("avg_backward_compute_time"), seconds("avg_backward_comm_time"), seconds("avg_backward_compute_comm_overlap_time")};
}

}  // namespace deepmad::train
