// Ranks as threads that meet over the loopback.
#include "train/distributed/rank_group.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <torch/csrc/distributed/c10d/ProcessGroup.hpp>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/stop_signal.h"
#include "tests/free_port.h"
#include "tests/train/distributed/on_ranks.h"
#include "train/distributed/collective_state.h"
#include "train/distributed/gradient_reducer.h"
#include "train/distributed/rank_consistency.h"
#include "train/state/shared_checkpoint.h"

namespace deepmad::train {
namespace {

TEST(RankGroup, AddsGathersAndBroadcasts) {
  OnRanks(3, [](RankGroup& ranks) {
    for (const at::ScalarType type : {at::kLong, at::kFloat, at::kDouble}) {
      const at::Tensor own = at::full({2, 2}, ranks.rank() + 1, type);
      const at::Tensor all = ranks.Gather(own);
      EXPECT_EQ(all.sizes(), (std::vector<int64_t>{3, 2, 2}));
      EXPECT_EQ(all.select(0, 2).sum().item<int64_t>(), 12);
      ranks.Sum(own);
      EXPECT_TRUE(at::equal(own, at::full({2, 2}, 6, type)));
    }
    EXPECT_EQ(ranks.Broadcast(ranks.rank() == 0 ? "the network" : "another"), "the network");
    EXPECT_EQ(ranks.Broadcast(std::string()), "");
    const auto [one, none] = ranks.Any(ranks.rank() == 2, false);
    EXPECT_TRUE(one);
    EXPECT_FALSE(none);
    ranks.Barrier();
  });
}

TEST(RankGroup, ExchangesHaveTheDocumentedLimit) {
  OnRanks(2, [](RankGroup& ranks) {
    EXPECT_EQ(ranks.c10d()->getBackend(at::kCPU)->getBackendOptions()->timeout, std::chrono::minutes(30));  // docs/cluster.md
  });
}

TEST(RankGroup, SharesTheFirstRanksCheckpoint) {
  OnRanks(2, [](RankGroup& ranks) {
    Checkpoint own;
    if (ranks.rank() == 0) {
      own.state = {{"step", 7}};
      own.tensors = {{"a", at::arange(6, at::kFloat).view({2, 3})}, {"empty", at::empty({0})}, {"n", at::full({}, 3, at::kLong)}};
    }
    const Checkpoint shared = ShareCheckpoint(own, ranks);
    EXPECT_EQ(shared.state.at("step"), 7);
    ASSERT_EQ(shared.tensors.size(), 3U);
    EXPECT_EQ(shared.tensors[0].first, "a");
    EXPECT_TRUE(at::equal(shared.tensors[0].second, at::arange(6, at::kFloat).view({2, 3})));
    EXPECT_EQ(shared.tensors[2].second.item<int64_t>(), 3);
  });
}

TEST(RankGroup, AveragesStatistics) {
  OnRanks(2, [](RankGroup& ranks) {
    const double own = ranks.rank();
    const std::vector<at::Tensor> statistics = {at::full({3}, own), at::full({2, 2}, 2 * own)};
    AverageStatistics(statistics, ranks);
    EXPECT_EQ(statistics[0][2].item<double>(), 0.5);
    EXPECT_EQ(statistics[1][1][0].item<double>(), 1);
  });
}

TEST(RankGroup, MeanOfTheGradientsIsSharedOnceAnUpdate) {
  OnRanks(2, [](RankGroup& ranks) {
    const at::Tensor a = at::full({1000, 3}, 1.0, at::kDouble).set_requires_grad(true),
                     b = at::full({5}, 2.0, at::kDouble).set_requires_grad(true);
    GradientReducer reducer({{"a", a}, {"b", b}}, ranks);
    EXPECT_EQ(reducer.bytes(), 8 * 3005);
    for (int update = 0; update < 3; ++update) {
      a.mutable_grad().reset();
      b.mutable_grad().reset();
      for (const bool last : {false, true}) {
        if (last) reducer.PrepareForward();
        const at::Tensor loss = a.sum().add(b.sum()).mul(ranks.rank() + 1);
        if (last) reducer.PrepareBackward(loss);
        loss.backward();
        EXPECT_EQ(a.grad()[0][0].item<double>(), last ? 3 : ranks.rank() + 1);
      }
      EXPECT_EQ(b.grad()[4].item<double>(), 3);
    }
  });
}

TEST(RankGroup, SaysWhichRankHasNotCome) {
  JoinOptions options;
  options.patience = std::chrono::seconds(1);
  try {
    RankGroup::Join(RankOf(0, 3, FreePort()), at::kCPU, options);
    ADD_FAILURE();
  } catch (const base::Error& error) {
    EXPECT_NE(std::string(error.what()).find("rank 1, 2 of 3 has not come within 1 s: 127.0.0.1:"), std::string::npos) << error.what();
  }
  try {
    RankGroup::Join(RankOf(1, 3, FreePort()), at::kCPU, options);
    ADD_FAILURE();
  } catch (const base::Error& error) {
    EXPECT_NE(std::string(error.what()).find("cannot reach rank 0"), std::string::npos) << error.what();
  }
}

// What a rank says that waits, until the signal's flag is set.
std::pair<std::string, std::string> WaitUntilStopped(const Launch& launch) {
  std::thread stopper([] {
    std::this_thread::sleep_for(std::chrono::milliseconds(2800));
    base::RequestStop();
  });
  std::string failure;
  testing::internal::CaptureStderr();
  const auto start = std::chrono::steady_clock::now();
  try {
    RankGroup::Join(launch, at::kCPU);
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), base::ErrorKind::kStopped);
    failure = error.what();
  }
  stopper.join();
  base::ClearStopRequest();
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(30));  // not the patience of minutes
  return {testing::internal::GetCapturedStderr(), failure};
}

TEST(RankGroup, ALeftOverRankSaysWhomItWaitsForAndEndsAtASignal) {
  for (const int rank : {0, 1}) {
    Launch launch = RankOf(rank, 12, FreePort());
    launch.variables = "RANK=0, WORLD_SIZE=12";
    const std::string place = "127.0.0.1:" + std::to_string(launch.port),
                      whom = rank == 0 ? "rank 1, 2, 3, 4, 5, 6, 7, 8 and 3 more" : "rank 0";
    const auto [said, failure] = WaitUntilStopped(launch);
    EXPECT_EQ(said, "warning: rank " + std::to_string(rank) + " of 12 by RANK=0, WORLD_SIZE=12: waiting at " + place + " for " + whom +
                        "; left over from another job? then unset these variables\n");
    EXPECT_EQ(failure, "stopped by a signal while waiting for " + whom + ": " + place);
  }
}

TEST(DeviceOfRank, IsTheGpuOfItsNumberOrTheOnlyOneThatItSees) {
  const Launch third = RankOf(2, 4, 0);
  for (const char* any : {"auto", "cuda"}) {
    EXPECT_EQ(DeviceOfRank(any, third, 8), "cuda:2");
    EXPECT_EQ(DeviceOfRank(any, third, 1), "cuda:0");  // srun --gpus-per-task=1
  }
  EXPECT_EQ(DeviceOfRank("auto", third, 0), "auto");
  EXPECT_EQ(DeviceOfRank("cpu", third, 8), "cpu");
  EXPECT_EQ(DeviceOfRank("cuda:5", third, 8), "cuda:5");
}

TEST(CheckOwnDevices, RefusesADeviceThatAnEarlierRankHas) {
  std::atomic<int> refused = 0;
  const auto on_devices = [&](const std::vector<models::Uuid>& devices) {
    refused = 0;
    OnRanks(static_cast<int>(devices.size()), [&](RankGroup& ranks) {
      try {
        CheckOwnDevices(devices[static_cast<size_t>(ranks.rank())], ranks);
      } catch (const base::Error& error) {
        EXPECT_EQ(error.kind(), base::ErrorKind::kUsage);
        EXPECT_NE(std::string(error.what()).find("has the same GPU as rank 0"), std::string::npos) << error.what();
        ++refused;
        ranks.Barrier();  // a process would end here; its thread lets the others go on
      }
    });
    return refused.load();
  };
  EXPECT_EQ(on_devices({{1}, {2}, {1}}), 1);
  EXPECT_EQ(on_devices({{1}, {2}, {3}}), 0);
  EXPECT_EQ(on_devices({{}, {}}), 0);  // unknown
}

}  // namespace
}  // namespace deepmad::train
