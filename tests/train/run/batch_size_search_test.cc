#include "train/run/batch_size_search.h"

#include <gtest/gtest.h>

#include <vector>

namespace deepmad::train {
namespace {

// What LargestBatch tried of a step that takes `bytes_of` the samples.
struct Search {
  std::optional<FittingBatch> found;
  std::vector<int64_t> tried;
};

Search Look(int64_t most, int64_t limit, const StepBytes& bytes_of) {
  Search search;
  search.found = LargestBatch(most, limit, [&](int64_t samples) {
    search.tried.push_back(samples);
    return bytes_of(samples);
  });
  return search;
}

TEST(BatchSearch, FindsTheLargestMultipleOfEightOnAStraightLine) {
  for (const int64_t limit : {1800, 1801, 2599, 2600, 5000, 99'999, 1'000'000}) {
    const Search search = Look(100'000, limit, [](int64_t samples) { return 1000 + 100 * samples; });
    ASSERT_TRUE(search.found);
    EXPECT_EQ(search.found->samples, (limit - 1000) / 100 / 8 * 8) << limit;
    EXPECT_EQ(search.found->bytes, 1000 + 100 * search.found->samples);
    EXPECT_LE(search.tried.size(), 10) << limit;
  }
}

TEST(BatchSearch, FindsItOnCurvesWithoutGoingFarBeyond) {
  for (const StepBytes& bytes_of :
       {StepBytes([](int64_t n) { return 500 + n * n; }), StepBytes([](int64_t n) { return 100 * n + n / 64 * 3000; }),
        StepBytes([](int64_t n) { return n < 200 ? 5000 : 300 * n; }), StepBytes([](int64_t) { return 7; })}) {
    constexpr int64_t kLimit = 150'000, kMost = 4096;
    const Search search = Look(kMost, kLimit, bytes_of);
    int64_t largest = 0;
    for (int64_t n = 8; n <= kMost; n += 8) {
      if (*bytes_of(n) <= kLimit) largest = n;
    }
    ASSERT_TRUE(search.found);
    EXPECT_EQ(search.found->samples, largest);
    EXPECT_LE(search.tried.size(), 16);
    for (const int64_t samples : search.tried) EXPECT_LE(samples, 4 * largest);
  }
}

TEST(BatchSearch, TakesOutOfMemoryForTooLarge) {
  const Search search = Look(1024, 1'000'000, [](int64_t n) { return n > 300 ? std::nullopt : std::optional<int64_t>(n); });
  ASSERT_TRUE(search.found);
  EXPECT_EQ(search.found->samples, 296);
}

TEST(BatchSearch, KeepsToTheMost) {
  for (const int64_t most : {8, 15, 16, 100, 1024}) {
    EXPECT_EQ(Look(most, 1 << 30, [](int64_t n) { return 10 * n; }).found->samples, most / 8 * 8);
  }
}

TEST(BatchSearch, FindsNothingWhereTheSmallestDoesNotFit) {
  EXPECT_FALSE(Look(1024, 79, [](int64_t n) { return 10 * n; }).found);
  EXPECT_FALSE(Look(1024, 1000, [](int64_t) { return std::nullopt; }).found);
  EXPECT_FALSE(Look(7, 1000, [](int64_t) { return 1; }).found);
}

}  // namespace
}  // namespace deepmad::train
