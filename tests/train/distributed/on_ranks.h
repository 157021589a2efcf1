// Ranks as threads of one process that meet over the loopback.
#pragma once

#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "tests/free_port.h"
#include "train/distributed/rank_group.h"

namespace deepmad::train {

inline Launch RankOf(int rank, int size, int port) {
  Launch launch;
  launch.rank = launch.local_rank = rank;
  launch.size = launch.local_size = size;
  launch.address = "127.0.0.1";
  launch.port = port;
  return launch;
}

inline void OnRanks(int size, const std::function<void(RankGroup&)>& work) {
  const int port = FreePort();
  std::vector<std::thread> threads;
  for (int rank = 0; rank < size; ++rank) {
    threads.emplace_back([=, &work] {
      const std::unique_ptr<RankGroup> ranks = RankGroup::Join(RankOf(rank, size, port), at::kCPU);
      work(*ranks);
      ranks->Finish();
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace deepmad::train
