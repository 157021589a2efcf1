#include "data/loader/loader.h"

#include <ATen/Context.h>
#include <ATen/ops/equal.h>
#include <gtest/gtest.h>

#include "data/inputs/image_pipeline.h"
#include "data/inputs/open_datasets.h"
#include "tests/data/miniatures.h"
#include "tests/data/numbered_dataset.h"

namespace deepmad::data {
namespace {

Pipeline PlainPipeline() { return Pipeline({3, 4, 4}, Normaliser({0, 0, 0}, {1, 1, 1}), FrameCentred({4, 1}, 3), {}, {}); }

LoaderOptions Options(int workers, bool channels_last) {
  LoaderOptions options;
  options.batch_size = 8;
  options.workers = workers;
  options.channels_last = channels_last;
  return options;
}

TEST(Loader, GivesTensorsOfTheDocumentedForm) {
  const NumberedDataset dataset(20);
  for (const bool channels_last : {false, true}) {
    Loader loader(dataset, PlainPipeline(), Options(2, channels_last));
    EXPECT_EQ(loader.batches_per_epoch(), 3);
    loader.StartEpoch(0);
    Batch batch;
    int64_t seen = 0;
    while (loader.Next(&batch)) {
      const int64_t n = std::min<int64_t>(8, 20 - seen);
      EXPECT_EQ(batch.images.sizes(), (std::vector<int64_t>{n, 3, 4, 4}));
      EXPECT_EQ(batch.images.scalar_type(), at::kFloat);
      EXPECT_TRUE(batch.images.is_contiguous(channels_last ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous));
      EXPECT_EQ(batch.labels.sizes(), std::vector<int64_t>{n});
      EXPECT_EQ(batch.labels.scalar_type(), at::kLong);
      EXPECT_EQ(batch.sources.size(), static_cast<size_t>(n));
      EXPECT_EQ(batch.first_position, seen);
      EXPECT_GE(batch.wait_seconds, 0);
      seen += n;
    }
    EXPECT_EQ(seen, 20);
  }
}

TEST(Loader, PutsTheSameValuesIntoBothMemoryFormats) {
  const NumberedDataset dataset(8);
  Loader contiguous(dataset, PlainPipeline(), Options(0, false)), channels_last(dataset, PlainPipeline(), Options(1, true));
  contiguous.StartEpoch(0);
  channels_last.StartEpoch(0);
  Batch a, b;
  ASSERT_TRUE(contiguous.Next(&a));
  ASSERT_TRUE(channels_last.Next(&b));
  EXPECT_TRUE(at::equal(a.images, b.images));
  EXPECT_TRUE(at::equal(a.labels, b.labels));
  const Image image = dataset.Get(5).picture.Decode();
  const float* planes = a.images.const_data_ptr<float>() + 5 * 48;
  EXPECT_FLOAT_EQ(planes[2 * 16 + 7], static_cast<float>(image.pixels[7 * 3 + 2]) / 255);
  EXPECT_EQ(a.labels.const_data_ptr<int64_t>()[5], 5);
}

TEST(Loader, BatchesOutliveTheLoader) {
  Batch batch;
  const NumberedDataset dataset(8);
  {
    Loader loader(dataset, PlainPipeline(), Options(2, false));
    loader.StartEpoch(0);
    ASSERT_TRUE(loader.Next(&batch));
  }
  EXPECT_FLOAT_EQ(batch.images.const_data_ptr<float>()[1], static_cast<float>(dataset.Get(0).picture.Decode().pixels[3]) / 255);
}

TEST(Loader, PassesOnTheErrorOfABrokenSample) {
  NumberedDataset dataset(8);
  dataset.broken = 3;
  Loader loader(dataset, PlainPipeline(), Options(2, false));
  loader.StartEpoch(0);
  Batch batch;
  EXPECT_THROW(loader.Next(&batch), base::Error);
}

TEST(Loader, PinsItsMemoryWhenAsked) {
  if (!at::globalContext().hasCUDA()) GTEST_SKIP() << "no CUDA device";
  const NumberedDataset dataset(8);
  LoaderOptions options = Options(2, true);
  options.pin_memory = true;
  Loader loader(dataset, PlainPipeline(), options);
  loader.StartEpoch(0);
  Batch batch;
  ASSERT_TRUE(loader.Next(&batch));
  EXPECT_TRUE(batch.images.is_pinned());
  EXPECT_TRUE(batch.labels.is_pinned());
}

TEST(Loader, ObjectsComeAsBoxesBesideThePictures) {
  const TemporaryFolder folder;
  const Datasets data = OpenDatasets(
      base::Config::FromText("name: coco\ninput: boxes\n" + MakeCocoMiniature(folder) + "train: {short_edge: 40, long_edge: 90}\n"));
  for (const bool channels_last : {false, true}) {
    LoaderOptions options = Options(1, channels_last);
    options.batch_size = 2;
    options.shuffle = options.drop_last = true;
    Loader loader(*data.train, data.train_pipeline, options);
    loader.StartEpoch(0);
    int64_t batches = 0;
    for (Batch batch; loader.Next(&batch); ++batches) {
      EXPECT_EQ(batch.images.sizes(), (std::vector<int64_t>{2, 3, 64, 64})) << "of 40 x 53 or 53 x 40 pixels";
      EXPECT_TRUE(batch.images.is_contiguous(channels_last ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous));
      EXPECT_FALSE(batch.labels.defined());
      ASSERT_EQ(batch.boxes.size(), 2u);
      for (const InputBoxes& boxes : batch.boxes) EXPECT_GE(boxes.image_id, 100);
    }
    EXPECT_EQ(batches, 5);
  }
}

}  // namespace
}  // namespace deepmad::data
