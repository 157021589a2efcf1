#include "data/dataset/image_cache.h"

#include <gtest/gtest.h>

#include <thread>

#include "tests/data/numbered_dataset.h"

namespace deepmad::data {
namespace {

constexpr int64_t kPictureBytes = 4 * 4 * 3;

TEST(ImageCache, DecodesEachPictureOnce) {
  auto numbered = std::make_unique<NumberedDataset>(10);
  const NumberedDataset& inner = *numbered;
  const NumberedDataset fresh(10);
  const ImageCache cache(std::move(numbered), 10 * kPictureBytes);
  for (int round = 0; round < 3; ++round) {
    for (int64_t i = 0; i < 10; ++i) {
      const Sample sample = cache.Get(i), expected = fresh.Get(i);
      EXPECT_EQ(sample.picture.Decode().pixels, expected.picture.Decode().pixels);
      EXPECT_EQ(sample.label, expected.label);
      EXPECT_EQ(sample.source, expected.source);
    }
  }
  EXPECT_EQ(inner.decoded, 10);
}

TEST(ImageCache, KeepsNoMoreThanItMay) {
  auto numbered = std::make_unique<NumberedDataset>(10);
  const NumberedDataset& inner = *numbered;
  const ImageCache cache(std::move(numbered), 4 * kPictureBytes);
  for (int round = 0; round < 2; ++round) {
    for (int64_t i = 0; i < 10; ++i) cache.Get(i);
  }
  EXPECT_EQ(inner.decoded, 10 + 6);
}

TEST(ImageCache, KeepsReportingABrokenPicture) {
  auto numbered = std::make_unique<NumberedDataset>(3);
  numbered->broken = 1;
  const ImageCache cache(std::move(numbered), 1000);
  EXPECT_THROW(cache.Get(1), base::Error);
  EXPECT_THROW(cache.Get(1), base::Error);
  EXPECT_EQ(cache.Get(2).label, 2);
}

TEST(ImageCache, ServesSeveralThreads) {
  const ImageCache cache(std::make_unique<NumberedDataset>(50), 25 * kPictureBytes);
  const NumberedDataset fresh(50);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int64_t i = 0; i < 200; ++i) EXPECT_EQ(cache.Get(i % 50).picture.Decode().pixels, fresh.Get(i % 50).picture.Decode().pixels);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace deepmad::data
