// Batches of one kind of sample: pictures of similar shape need little padding.
#pragma once

#include <cstdint>
#include <vector>

#include "base/random.h"

namespace deepmad::data {

// An order of samples in which each run of `batch` is of one group. `order` has each index once; `groups` is by index, each at least 0.
// A group's samples keep their order among themselves; one that does not fill its last batch begins again from its first, so that nothing
// is dropped. `random` decides which batch follows which.
std::vector<int64_t> GroupBatches(const std::vector<int64_t>& order, const std::vector<int>& groups, int64_t batch, base::Random random);

// How many batches that makes.
int64_t CountGroupBatches(const std::vector<int>& groups, int64_t batch);

}  // namespace deepmad::data
