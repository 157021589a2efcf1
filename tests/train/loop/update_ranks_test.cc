// Updates of several ranks.
#include <ATen/ops/arange.h>
#include <ATen/ops/linspace.h>
#include <gtest/gtest.h>

#include "models/network/init.h"
#include "models/network/network.h"
#include "tests/train/distributed/on_ranks.h"
#include "tests/train/tiny_network.h"
#include "train/distributed/gradient_buckets.h"
#include "train/loop/update.h"

namespace deepmad::train {
namespace {

constexpr int kRanks = 2;

data::Batch Pictures(int64_t first) {
  constexpr int64_t kAll = 24, kBatch = 4;
  const at::Tensor all = at::linspace(-2, 2, kAll * 3 * 16 * 16, at::kDouble).sin().mul(40).sin().reshape({kAll, 3, 16, 16});
  data::Batch batch;
  batch.images = all.narrow(0, first % kAll, kBatch).to(at::kFloat).contiguous(at::MemoryFormat::ChannelsLast);
  batch.labels = at::arange(first, first + kBatch, at::kLong).remainder(4);
  return batch;
}

struct Case {
  int64_t accumulate = 1;
  bool synchronised_norms = false;
};

// The weights and averages of one rank after three updates.
models::NamedTensors Train(const RankGroup& ranks, const Case& one, bool graphs) {
  const std::unique_ptr<Task> task = TaskRegistry::Get().Create("classification", base::Config::FromText("{mixup: 0.2}"), int64_t{4});
  const auto network = models::BuildNetwork(TinyNetwork());
  models::Initialize(*network, {}, 1);
  network->SetMemoryFormat(at::MemoryFormat::ChannelsLast);
  if (one.synchronised_norms) network->batch_norm_settings().group = &ranks;
  const models::NamedTensors parameters = TrainedParameters(*network, *task);
  const auto optimizer = OptimizerRegistry::Get().Create("sgd", parameters, base::Config::FromText("{weight_decay: 1.0e-4}"));
  Ema ema(network->StateDict(), 0.9, false);
  std::unique_ptr<GradientReducer> reducer;
  if (!graphs) reducer = std::make_unique<GradientReducer>(parameters, ranks);
  const UpdateOptions options{.accumulate = one.accumulate, .clip_norm = 1, .graphs = graphs};
  Update update(options, {*task, *network, *optimizer, &ema, &ranks, reducer.get()}, {}, at::kCPU);
  for (int64_t step = 0; step < 3; ++step) {
    for (int64_t i = 0; i < one.accumulate; ++i) {
      const int64_t position = step * one.accumulate + i;
      data::Batch batch = Pictures(4 * (kRanks * position + ranks.rank()));
      update.Add(batch, {1, 0, position});
    }
    update.Finish(0.1);
    EXPECT_GT(update.Report().gradient_norm, 0);
  }
  models::NamedTensors result;
  for (const models::NamedTensors& tensors : {network->StateDict(), ema.tensors()}) {
    for (const auto& [name, tensor] : tensors) result.emplace_back(name, tensor.detach().clone());
  }
  return result;
}

TEST(UpdateRanks, RecordedPassesOfTwoRanksGiveTheSameBits) {
  for (const Case one : {Case{1, false}, Case{2, false}, Case{1, true}}) {
    models::NamedTensors results[2][kRanks];
    for (const bool graphs : {false, true}) {
      OnRanks(kRanks, [&](RankGroup& ranks) { results[graphs][ranks.rank()] = Train(ranks, one, graphs); });
    }
    for (int rank = 0; rank < kRanks; ++rank) {
      ASSERT_EQ(results[1][rank].size(), results[0][0].size());
      for (size_t i = 0; i < results[1][rank].size(); ++i) {
        EXPECT_TRUE(results[1][rank][i].second.equal(results[0][0][i].second))
            << results[1][rank][i].first << " of rank " << rank << ", accumulate " << one.accumulate << ", sync " << one.synchronised_norms;
      }
    }
  }
}

TEST(UpdateRanks, BucketsKeepTheLayoutOfTheParametersAndTheirMemory) {
  OnRanks(kRanks, [](RankGroup& ranks) {
    const at::Tensor weight =
        at::arange(2 * 3 * 2 * 2, at::kFloat).view({2, 3, 2, 2}).contiguous(at::MemoryFormat::ChannelsLast).set_requires_grad(true);
    const at::Tensor bias = at::arange(5, at::kFloat).set_requires_grad(true);
    const GradientBuckets buckets({{"weight", weight}, {"bias", bias}}, ranks);
    EXPECT_EQ(weight.grad().strides(), weight.strides());
    EXPECT_TRUE(weight.grad().is_alias_of(bias.grad())) << "one exchange for both";
    const void* memory = weight.grad().const_data_ptr();
    for (int update = 0; update < 2; ++update) {
      weight.mutable_grad().zero_();
      bias.mutable_grad().zero_();
      weight.mul(weight.detach()).sum().add(bias.sum()).mul(2 * ranks.rank() + 1).backward();
      buckets.Average();
      EXPECT_TRUE(weight.grad().equal(weight.detach() * 2)) << "the mean of 1 and 3";
      EXPECT_EQ(bias.grad()[4].item<double>(), 2);
      EXPECT_EQ(weight.grad().const_data_ptr(), memory);
    }
  });
}

}  // namespace
}  // namespace deepmad::train
