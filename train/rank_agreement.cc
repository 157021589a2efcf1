#include "train/rank_agreement.h"

#include <fmt/format.h>

#include "base/config_difference.h"
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

}  // namespace deepmad::train
