#include "data/batching/grouped_batches.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "data/batching/sampler.h"

namespace deepmad::data {
namespace {

std::vector<int> ThreeGroups(int64_t samples) {
  std::vector<int> groups;
  for (int64_t i = 0; i < samples; ++i) groups.push_back(i % 10 < 6 ? 0 : i % 10 < 9 ? 4 : 2);
  return groups;
}

SamplerOptions Training(int64_t batch_size, int world = 1, int rank = 0) {
  SamplerOptions options;
  options.batch_size = batch_size;
  options.seed = 3;
  options.shuffle = options.drop_last = true;
  options.world = world;
  options.rank = rank;
  return options;
}

// The samples of each batch of an epoch.
std::vector<std::vector<int64_t>> Batches(const Sampler& sampler, int64_t epoch) {
  const std::vector<int64_t> order = sampler.Order(epoch);
  std::vector<std::vector<int64_t>> batches;
  for (int64_t b = 0; b < sampler.batches_per_epoch(); ++b) {
    batches.emplace_back();
    for (const int64_t position : sampler.Positions(b)) batches.back().push_back(order.at(static_cast<size_t>(position)));
  }
  return batches;
}

TEST(GroupBatches, EachBatchIsOfOneGroupAndNoSampleIsDropped) {
  const std::vector<int> groups = ThreeGroups(53);  // 33, 15 and 5
  const auto batches = Batches(Sampler(53, Training(4), groups), 0);
  EXPECT_EQ(batches.size(), 9u + 4u + 2u);
  std::map<int64_t, int> seen;
  for (const auto& batch : batches) {
    ASSERT_EQ(batch.size(), 4u);
    for (const int64_t index : batch) {
      EXPECT_EQ(groups[static_cast<size_t>(index)], groups[static_cast<size_t>(batch[0])]);
      ++seen[index];
    }
  }
  EXPECT_EQ(seen.size(), 53u);
  EXPECT_LE(std::ranges::max_element(seen, {}, [](const auto& one) { return one.second; })->second, 2);
}

TEST(GroupBatches, AGroupSmallerThanABatchFillsOne) {
  const auto batches = Batches(Sampler(3, Training(8), {1, 0, 1}), 0);
  ASSERT_EQ(batches.size(), 2u);
  for (const auto& batch : batches) {
    const std::set<int64_t> different(batch.begin(), batch.end());
    EXPECT_EQ(different, batch[0] == 1 ? std::set<int64_t>{1} : (std::set<int64_t>{0, 2}));
  }
}

TEST(GroupBatches, SamplesAndBatchesAreShuffledAnewInEachEpoch) {
  const std::vector<int> groups = ThreeGroups(200);
  const Sampler sampler(200, Training(8), groups);
  const auto first = Batches(sampler, 0), second = Batches(sampler, 1);
  EXPECT_NE(first, second);
  EXPECT_EQ(first, Batches(Sampler(200, Training(8), groups), 0));
  int changes = 0;
  for (size_t b = 1; b < first.size(); ++b) {
    changes += groups[static_cast<size_t>(first[b][0])] != groups[static_cast<size_t>(first[b - 1][0])];
  }
  EXPECT_GT(changes, 4) << "groups follow each other in turn";
  std::set<int64_t> with_first_sample(first[0].begin(), first[0].end());
  for (const auto& batch : second) {
    EXPECT_NE(std::set<int64_t>(batch.begin(), batch.end()), with_first_sample) << "a batch of the first epoch comes again";
  }
}

TEST(GroupBatches, RanksShareTheBatchesOfOneProcess) {
  const std::vector<int> groups = ThreeGroups(90);
  const auto whole = Batches(Sampler(90, Training(8), groups), 2);
  const auto first = Batches(Sampler(90, Training(4, 2, 0), groups), 2), second = Batches(Sampler(90, Training(4, 2, 1), groups), 2);
  ASSERT_EQ(first.size(), whole.size());
  ASSERT_EQ(second.size(), whole.size());
  for (size_t b = 0; b < whole.size(); ++b) {
    std::vector<int64_t> both = first[b];
    both.insert(both.end(), second[b].begin(), second[b].end());
    EXPECT_TRUE(std::ranges::is_permutation(both, whole[b])) << "batch " << b;
  }
}

TEST(GroupBatches, AnEndlessStreamGoesOnOverTheBorderOfAPass) {
  const std::vector<int> groups = ThreeGroups(20);  // 12, 6 and 2: with batches of 4, 3 + 2 + 1 a pass
  SamplerOptions options = Training(4);
  const auto pass0 = Batches(Sampler(20, options, groups), 0), pass1 = Batches(Sampler(20, options, groups), 1);
  options.epoch_batches = 4;
  const Sampler stream(20, options, groups);
  EXPECT_EQ(Batches(stream, 0), (std::vector<std::vector<int64_t>>(pass0.begin(), pass0.begin() + 4)));
  std::vector<std::vector<int64_t>> expected(pass0.begin() + 4, pass0.end());
  expected.insert(expected.end(), pass1.begin(), pass1.begin() + 2);
  EXPECT_EQ(Batches(stream, 1), expected);
}

TEST(GroupBatches, ValidationHasNoGroups) {
  SamplerOptions options;
  options.batch_size = 4;
  std::vector<int64_t> all(10);
  std::iota(all.begin(), all.end(), 0);
  EXPECT_EQ(Sampler(10, options, ThreeGroups(10)).Order(0), all);
}

}  // namespace
}  // namespace deepmad::data
