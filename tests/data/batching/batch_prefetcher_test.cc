#include "data/batching/batch_prefetcher.h"

#include <gtest/gtest.h>

#include "data/inputs/image_pipeline.h"
#include "data/transforms/flip.h"
#include "tests/data/numbered_dataset.h"
#include "tests/data/pictures.h"

namespace deepmad::data {
namespace {

Pipeline RandomPipeline() {
  return Pipeline({3, 4, 4}, Normaliser({0.5, 0.5, 0.5}, {0.5, 0.5, 0.5}), FramePadded({4, 1}, {4, 2}, 3),
                  {[](Image& image, base::Random& random) {
                    if (random.Bernoulli(0.5)) FlipHorizontally(image);
                  }},
                  {});
}

StreamOptions Options(int workers, bool train = true) {
  StreamOptions options;
  options.sampler.batch_size = 8;
  options.sampler.seed = 11;
  options.sampler.shuffle = train;
  options.sampler.drop_last = train;
  options.workers = workers;
  options.queue_batches = 3;
  return options;
}

struct Epoch {
  std::vector<std::vector<float>> images;  // by batch
  std::vector<std::vector<int64_t>> labels;
  std::vector<std::string> sources;
  std::vector<int64_t> first_positions;
};

Epoch Drain(BatchStream& stream) {
  Epoch epoch;
  HostBatch batch;
  while (stream.Next(&batch)) {
    epoch.images.emplace_back(batch.images, batch.images + batch.size * 48);
    epoch.labels.emplace_back(batch.labels, batch.labels + batch.size);
    epoch.sources.insert(epoch.sources.end(), batch.sources.begin(), batch.sources.end());
    epoch.first_positions.push_back(batch.first_position);
  }
  return epoch;
}

BatchStream MakeStream(const Dataset& dataset, const StreamOptions& options) {
  return BatchStream(dataset, RandomPipeline(), options, PlainBatchAllocator());
}

TEST(BatchStream, GivesTheSameBatchesForAnyNumberOfWorkers) {
  NumberedDataset dataset(100);
  dataset.uneven = true;
  BatchStream alone = MakeStream(dataset, Options(0));
  alone.StartEpoch(2);
  const Epoch expected = Drain(alone);
  ASSERT_EQ(expected.images.size(), 12u);
  for (const int workers : {1, 2, 4}) {
    BatchStream stream = MakeStream(dataset, Options(workers));
    stream.StartEpoch(2);
    const Epoch epoch = Drain(stream);
    EXPECT_EQ(epoch.images, expected.images) << workers << " workers";
    EXPECT_EQ(epoch.labels, expected.labels);
    EXPECT_EQ(epoch.sources, expected.sources);
    EXPECT_EQ(epoch.first_positions, expected.first_positions);
  }
}

TEST(BatchStream, DrawsAnewInEachEpoch) {
  const NumberedDataset dataset(64);
  StreamOptions options = Options(0);
  options.sampler.shuffle = false;  // so that only the augmentation differs
  BatchStream stream = MakeStream(dataset, options);
  stream.StartEpoch(0);
  const Epoch first = Drain(stream);
  stream.StartEpoch(1);
  const Epoch second = Drain(stream);
  EXPECT_EQ(first.sources, second.sources);
  EXPECT_NE(first.images, second.images);
  stream.StartEpoch(0);
  EXPECT_EQ(Drain(stream).images, first.images);
}

TEST(BatchStream, StartsInTheMiddleOfAnEpochAsIfItHadRunUpToThere) {
  const NumberedDataset dataset(80);
  BatchStream stream = MakeStream(dataset, Options(2));
  stream.StartEpoch(1);
  const Epoch whole = Drain(stream);
  stream.StartEpoch(1, 6);
  const Epoch rest = Drain(stream);
  ASSERT_EQ(rest.images.size(), 4u);
  EXPECT_TRUE(std::equal(rest.images.begin(), rest.images.end(), whole.images.begin() + 6));
  EXPECT_EQ(rest.first_positions.front(), 48);
}

TEST(BatchStream, ValidationSeesEachSampleOnceAndKeepsTheTail) {
  const NumberedDataset dataset(21);
  BatchStream stream = MakeStream(dataset, Options(2, false));
  stream.StartEpoch(0);
  const Epoch epoch = Drain(stream);
  ASSERT_EQ(epoch.sources.size(), 21u);
  for (int i = 0; i < 21; ++i) EXPECT_EQ(epoch.sources[i], "number#" + std::to_string(i));
  EXPECT_EQ(epoch.labels.back(), (std::vector<int64_t>{6, 7, 8, 9, 0}));
}

TEST(BatchStream, RanksSeeTheBatchesThatOneProcessSees) {
  const NumberedDataset dataset(64);
  StreamOptions options = Options(0);
  options.sampler.batch_size = 16;
  BatchStream whole = MakeStream(dataset, options);
  whole.StartEpoch(0);
  const Epoch expected = Drain(whole);
  options.sampler.batch_size = 8;
  options.sampler.world = 2;
  std::vector<Epoch> shares;
  for (const int rank : {0, 1}) {
    options.sampler.rank = rank;
    BatchStream stream = MakeStream(dataset, options);
    stream.StartEpoch(0);
    shares.push_back(Drain(stream));
  }
  for (size_t b = 0; b < expected.images.size(); ++b) {
    for (size_t i = 0; i < 16; ++i) {
      const std::vector<float>& share = shares[i % 2].images[b];
      EXPECT_TRUE(std::equal(share.begin() + i / 2 * 48, share.begin() + (i / 2 + 1) * 48, expected.images[b].begin() + i * 48));
    }
  }
}

TEST(BatchStream, AWorkersErrorReachesTheCallerInItsPlace) {
  for (const int workers : {0, 1, 4}) {
    NumberedDataset dataset(64);
    dataset.broken = 19;  // in batch 2
    BatchStream stream = MakeStream(dataset, Options(workers, false));
    stream.StartEpoch(0);
    HostBatch batch;
    EXPECT_TRUE(stream.Next(&batch));
    EXPECT_TRUE(stream.Next(&batch));
    for (int again = 0; again < 2; ++again) {
      ExpectContains(ErrorOf(base::ErrorKind::kFailed, [&] { stream.Next(&batch); }), "broken picture: number#19");
    }
  }
}

TEST(BatchStream, GoesOnAfterAnErrorWithANewEpoch) {
  NumberedDataset dataset(64);
  dataset.broken = 0;
  BatchStream stream = MakeStream(dataset, Options(2, false));
  stream.StartEpoch(0);
  HostBatch batch;
  EXPECT_THROW(stream.Next(&batch), base::Error);
  stream.StartEpoch(0, 1);
  EXPECT_EQ(Drain(stream).images.size(), 7u);
}

TEST(BatchStream, StopsCleanlyAtAnyMoment) {
  NumberedDataset dataset(200);
  dataset.uneven = true;
  for (int taken = 0; taken < 6; ++taken) {
    BatchStream stream = MakeStream(dataset, Options(4));
    HostBatch batch;
    EXPECT_FALSE(stream.Next(&batch)) << "no epoch was started";
    stream.StartEpoch(0);
    for (int i = 0; i < taken; ++i) EXPECT_TRUE(stream.Next(&batch));
    stream.StartEpoch(1);
    EXPECT_TRUE(stream.Next(&batch));
    EXPECT_EQ(batch.first_position, 0);
  }
}

TEST(BatchStream, MakesNoMoreBatchesAheadThanTheQueueHolds) {
  const NumberedDataset dataset(1000);
  StreamOptions options = Options(2, false);
  BatchStream stream = MakeStream(dataset, options);
  stream.StartEpoch(0);
  HostBatch batch;
  for (int taken = 1; taken <= 20; ++taken) {
    ASSERT_TRUE(stream.Next(&batch));
    EXPECT_LE(dataset.decoded, (taken + options.queue_batches) * 8);
  }
}

TEST(BatchStream, WritesTheLayoutAskedFor) {
  const NumberedDataset dataset(8);
  StreamOptions options = Options(0, false);
  BatchStream planar = MakeStream(dataset, options);
  options.layout = MemoryLayout::kChannelsLast;
  BatchStream interleaved = MakeStream(dataset, options);
  planar.StartEpoch(0);
  interleaved.StartEpoch(0);
  HostBatch a, b;
  ASSERT_TRUE(planar.Next(&a));
  ASSERT_TRUE(interleaved.Next(&b));
  for (int n = 0; n < 8; ++n) {
    for (int c = 0; c < 3; ++c) {
      for (int p = 0; p < 16; ++p) EXPECT_EQ(a.images[n * 48 + c * 16 + p], b.images[n * 48 + p * 3 + c]);
    }
  }
}

}  // namespace
}  // namespace deepmad::data
