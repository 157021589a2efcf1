#include "data/batching/grouped_batches.h"

#include <algorithm>
#include <map>

namespace deepmad::data {
namespace {

int64_t Batches(int64_t samples, int64_t batch) { return (samples + batch - 1) / batch; }

}  // namespace

std::vector<int64_t> GroupBatches(const std::vector<int64_t>& order, const std::vector<int>& groups, int64_t batch, base::Random random) {
  std::map<int, std::vector<int64_t>> members;
  for (const int64_t index : order) members[groups[static_cast<size_t>(index)]].push_back(index);
  std::vector<int64_t> grouped;  // one group after the other
  for (const auto& [group, samples] : members) {
    const int64_t count = static_cast<int64_t>(samples.size()), filled = Batches(count, batch) * batch;
    for (int64_t i = 0; i < filled; ++i) grouped.push_back(samples[static_cast<size_t>(i % count)]);
  }
  std::vector<int64_t> mixed;
  mixed.reserve(grouped.size());
  for (const int64_t which : random.Permutation(static_cast<int64_t>(grouped.size()) / batch)) {
    mixed.insert(mixed.end(), grouped.begin() + which * batch, grouped.begin() + (which + 1) * batch);
  }
  return mixed;
}

int64_t CountGroupBatches(const std::vector<int>& groups, int64_t batch) {
  std::map<int, int64_t> sizes;
  for (const int group : groups) ++sizes[group];
  int64_t batches = 0;
  for (const auto& [group, size] : sizes) batches += Batches(size, batch);
  return batches;
}

}  // namespace deepmad::data
