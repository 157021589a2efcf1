#include "data/batching/sampler.h"

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

// Indices that the published repeat-3 dealing gives for the identity permutation (docs/protocols/classification.md, section 4).
TEST(Sampler, RepeatsEachIndexInPlaceAndDealsRanksInTurn) {
  struct Case {
    int64_t samples, world, per_rank;
    std::vector<std::vector<int64_t>> first;
  };
  const std::vector<Case> cases = {
      {513, 1, 512, {{0, 0, 0, 1, 1, 1, 2, 2}}},
      {513, 4, 128, {{0, 1, 2, 4, 5, 6, 8, 9}, {0, 1, 3, 4, 5, 7, 8, 9}, {0, 2, 3, 4, 6, 7, 8, 10}, {1, 2, 3, 5, 6, 7, 9, 10}}},
      {1000,
       8,
       96,
       {{0, 2, 5, 8, 10, 13, 16, 18}, {0, 3, 5, 8, 11, 13, 16, 19}, {0, 3, 6, 8, 11, 14, 16, 19}, {1, 3, 6, 9, 11, 14, 17, 19}}}};
  for (const Case& each : cases) {
    for (size_t rank = 0; rank < each.first.size(); ++rank) {
      SamplerOptions options = Options(8, static_cast<int>(each.world), false);
      options.rank = static_cast<int>(rank);
      options.repeats = 3;
      const Sampler sampler(each.samples, options);
      const std::vector<int64_t> order = sampler.Order(0);
      std::vector<int64_t> dealt;
      for (int64_t b = 0; b < sampler.batches_per_epoch(); ++b) {
        for (const int64_t position : sampler.Positions(b)) dealt.push_back(order[position]);
      }
      ASSERT_EQ(dealt.size(), static_cast<size_t>(each.per_rank));
      dealt.resize(8);
      EXPECT_EQ(dealt, each.first[rank]) << each.samples << " samples, rank " << rank << " of " << each.world;
    }
  }
}

// All samples of `epochs` epochs in the order of the ranks' batches together.
std::vector<int64_t> Stream(int64_t samples, SamplerOptions options, int64_t epochs) {
  std::vector<int64_t> stream(epochs * options.epoch_batches * options.batch_size * options.world, -1);
  const int64_t length = static_cast<int64_t>(stream.size()) / epochs;
  for (options.rank = 0; options.rank < options.world; ++options.rank) {
    const Sampler sampler(samples, options);
    EXPECT_EQ(sampler.batches_per_epoch(), options.epoch_batches);
    for (int64_t epoch = 0; epoch < epochs; ++epoch) {
      const std::vector<int64_t> order = sampler.Order(epoch);
      EXPECT_EQ(order.size(), static_cast<size_t>(length));
      for (int64_t batch = 0; batch < sampler.batches_per_epoch(); ++batch) {
        const std::vector<int64_t> positions = sampler.Positions(batch);
        EXPECT_EQ(positions.size(), static_cast<size_t>(options.batch_size));
        for (const int64_t position : positions) stream[epoch * length + position] = order[position];
      }
    }
  }
  return stream;
}

TEST(Sampler, AnEndlessStreamIsOnePermutationAfterTheOther) {
  SamplerOptions options = Options(4, 1, true);
  options.shuffle = true;
  options.epoch_batches = 3;
  const std::vector<int64_t> stream = Stream(7, options, 10);  // 17 passes and one sample
  std::vector<std::vector<int64_t>> passes;
  for (size_t begin = 0; begin + 7 <= stream.size(); begin += 7) {
    std::vector<int64_t> pass(stream.begin() + static_cast<std::ptrdiff_t>(begin), stream.begin() + static_cast<std::ptrdiff_t>(begin) + 7);
    passes.push_back(pass);
    std::sort(pass.begin(), pass.end());
    EXPECT_EQ(pass, FirstIntegers(7));
  }
  EXPECT_NE(passes[0], passes[1]);
  EXPECT_NE(passes[1], passes[2]);

  SamplerOptions other = options;
  other.epoch_batches = 30;
  EXPECT_EQ(Stream(7, other, 1), stream) << "where an epoch ends does not change the stream";
  other.epoch_batches = 3;
  other.world = 2;
  other.batch_size = 2;
  EXPECT_EQ(Stream(7, other, 10), stream) << "nor does the number of ranks";
}

TEST(Sampler, AnEndlessStreamServesASetSmallerThanABatch) {
  SamplerOptions options = Options(8, 1, true);
  options.epoch_batches = 2;
  EXPECT_EQ(Stream(3, options, 1), (std::vector<int64_t>{0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0}));
}

TEST(Sampler, AnEndlessStreamTakesNoRepeats) {
  SamplerOptions options = Options(8, 1, true);
  options.epoch_batches = 2;
  options.repeats = 3;
  ExpectContains(ErrorOf(base::ErrorKind::kUsage, [&] { Sampler(300, options); }), "repeated augmentation needs epochs");
}

TEST(Sampler, RefusesRepeatedAugmentationOfASmallSet) {
  SamplerOptions options = Options(8, 2, true);
  options.repeats = 3;
  ExpectContains(ErrorOf(base::ErrorKind::kUsage, [&] { Sampler(255, options); }), "too few for repeated augmentation");
}

}  // namespace
}  // namespace deepmad::data
