#include "train/distributed/rank_consistency.h"

#include <ATen/ops/empty.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/config/config_difference.h"
#include "base/error.h"

namespace deepmad::train {

void CheckAgreement(const std::string& what, const std::string& yaml, const RankGroup& ranks) {
  const std::string name = ranks.Broadcast(ranks.launch().Name());
  const std::string expected = ranks.Broadcast(yaml);
  if (yaml != expected) {
    if (const auto difference = base::FirstDifference(yaml, expected)) {
      throw base::UsageError(fmt::format("{} must be the same on every rank: {} is {} on {}, {} on {}", what, difference->key,
                                         difference->first, ranks.launch().Name(), difference->second, name));
    }
  }
  ranks.Barrier();  // a rank that differs never comes
}

void CheckOwnDevices(const models::Uuid& device, const RankGroup& ranks) {
  at::Tensor own = at::empty({static_cast<int64_t>(device.size())}, at::kByte);
  std::copy(device.begin(), device.end(), own.mutable_data_ptr<uint8_t>());
  const at::Tensor all = ranks.Gather(own);
  for (int rank = 0; rank < ranks.rank() && device != models::Uuid{}; ++rank) {
    if (!all[rank].equal(own)) continue;
    throw base::UsageError(fmt::format("{} has the same GPU as rank {}", ranks.launch().Name(), rank), "--device",
                           "start as many ranks on a machine as it has GPUs");
  }
  ranks.Barrier();  // a rank that shares a device never comes
}

}  // namespace deepmad::train
