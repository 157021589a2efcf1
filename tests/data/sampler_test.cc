#include "data/sampler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "tests/data/pictures.h"

namespace deepmad::data {
namespace {

std::vector<int64_t> AllPositions(int64_t samples, SamplerOptions options) {
  std::vector<int64_t> all;
  for (options.rank = 0; options.rank < options.world; ++options.rank) {
    const Sampler sampler(samples, options);
    for (int64_t b = 0; b < sampler.batches_per_epoch(); ++b) {
      const std::vector<int64_t> positions = sampler.Positions(b);
      all.insert(all.end(), positions.begin(), positions.end());
    }
  }
  std::sort(all.begin(), all.end());
  return all;
}

std::vector<int64_t> FirstIntegers(int64_t n) {
  std::vector<int64_t> all(n);
  std::iota(all.begin(), all.end(), 0);
  return all;
}

SamplerOptions Options(int64_t batch_size, int world, bool drop_last) {
  SamplerOptions options;
  options.batch_size = batch_size;
  options.world = world;
  options.drop_last = drop_last;
  return options;
}

TEST(Sampler, SharesPartitionTheSetWithoutDropping) {
  for (const int64_t samples : {1, 7, 30, 31}) {
    for (const int world : {1, 2, 3, 8}) EXPECT_EQ(AllPositions(samples, Options(4, world, false)), FirstIntegers(samples));
  }
}

TEST(Sampler, DroppingLeavesTheSameFullBatchesOnEveryRank) {
  for (const int world : {1, 2, 3}) {
    const int64_t kept = 100 / (8 * world) * (8 * world);
    EXPECT_EQ(AllPositions(100, Options(8, world, true)), FirstIntegers(kept));
    SamplerOptions options = Options(8, world, true);
    for (options.rank = 0; options.rank < world; ++options.rank) EXPECT_EQ(Sampler(100, options).batches_per_epoch(), kept / 8 / world);
  }
}

TEST(Sampler, DealsPositionsRoundRobin) {
  SamplerOptions options = Options(2, 3, false);
  options.rank = 1;
  EXPECT_EQ(Sampler(20, options).Positions(1), (std::vector<int64_t>{7, 10}));
  EXPECT_EQ(Sampler(20, options).Positions(3), (std::vector<int64_t>{19}));
}

TEST(Sampler, OrderIsAPermutationOfSeedAndEpochAlone) {
  SamplerOptions options = Options(4, 1, true);
  options.shuffle = true;
  const std::vector<int64_t> order = Sampler(50, options).Order(3);
  EXPECT_NE(order, Sampler(50, options).Order(4));
  options.batch_size = 10;
  options.world = 2;
  options.rank = 1;
  EXPECT_EQ(order, Sampler(50, options).Order(3));
  options.seed = 1;
  EXPECT_NE(order, Sampler(50, options).Order(3));
  std::vector<int64_t> sorted = order;
  std::sort(sorted.begin(), sorted.end());
  EXPECT_EQ(sorted, FirstIntegers(50));
}

TEST(Sampler, KeepsTheOrderOfTheSetWithoutShuffle) { EXPECT_EQ(Sampler(5, Options(4, 1, false)).Order(9), FirstIntegers(5)); }

TEST(Sampler, RefusesASetSmallerThanABatchWhenDropping) {
  const std::string message = ErrorOf(base::ErrorKind::kUsage, [] { Sampler(15, Options(8, 2, true)); });
  ExpectContains(message, "has 15 samples, fewer than one batch of 16");
}

}  // namespace
}  // namespace deepmad::data
