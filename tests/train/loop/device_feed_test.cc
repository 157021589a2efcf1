#include "train/loop/device_feed.h"

#include <gtest/gtest.h>

#include "data/inputs/open_datasets.h"

namespace deepmad::train {
namespace {

constexpr const char* kData =
    "{name: synthetic, samples: 20, validation_samples: 4, classes: 4, height: 8, width: 8, image_size: 8, workers: 1, train: {crop: "
    "none}}";

// Counts in place of a second stream.
class CountedCopies : public models::CopyQueue {
 public:
  explicit CountedCopies(std::vector<std::string>& events) : events_(events) {}
  void Start(const std::function<void()>& copies) override {
    copies();
    events_.push_back("start");
  }
  void Join(const std::vector<at::Tensor>& made) override {
    for (const at::Tensor& tensor : made) EXPECT_TRUE(tensor.defined());
    events_.push_back("join");
  }

 private:
  std::vector<std::string>& events_;
};

class BatchFeedTest : public testing::Test {
 protected:
  BatchFeedTest() : data_(data::OpenDatasets(base::Config::FromText(kData), true)) {
    data::LoaderOptions options;
    options.batch_size = 4;
    options.workers = 1;
    loader_ = std::make_unique<data::Loader>(*data_.train, data_.train_pipeline, options);
    copied_loader_ = std::make_unique<data::Loader>(*data_.train, data_.train_pipeline, options);
  }

  data::Datasets data_;
  std::unique_ptr<data::Loader> loader_, copied_loader_;
  std::vector<std::string> events_;
};

TEST_F(BatchFeedTest, GivesTheSameBatchesWithTheNextOneUnderWay) {
  BatchFeed plain(*loader_, at::kCPU), ahead(*copied_loader_, at::kCPU, std::make_unique<CountedCopies>(events_));
  for (const int64_t first : {0, 2}) {
    for (BatchFeed* feed : {&plain, &ahead}) feed->StartEpoch(0, first);
    for (int64_t i = first; i < 5; ++i) {
      data::Batch a, b;
      ASSERT_TRUE(plain.Next(&a));
      ASSERT_TRUE(ahead.Next(&b));
      EXPECT_TRUE(a.images.equal(b.images));
      EXPECT_TRUE(a.labels.equal(b.labels));
      EXPECT_EQ(a.sources, b.sources);
      EXPECT_EQ(b.first_position, 4 * i);
      for (BatchFeed* feed : {&plain, &ahead}) feed->Prefetch();
    }
    data::Batch none;
    EXPECT_FALSE(plain.Next(&none));
    EXPECT_FALSE(ahead.Next(&none));
  }
}

TEST_F(BatchFeedTest, StartsACopyBeforeItsBatchIsAskedForAndJoinsItThen) {
  BatchFeed feed(*loader_, at::kCPU, std::make_unique<CountedCopies>(events_));
  feed.StartEpoch(0);
  data::Batch batch;
  feed.Next(&batch);
  feed.Prefetch();
  feed.Prefetch();  // one batch ahead, not two
  EXPECT_EQ(events_, (std::vector<std::string>{"start", "join", "start"}));
  feed.Next(&batch);
  EXPECT_EQ(batch.first_position, 4);
  EXPECT_EQ(events_.size(), 4);
}

TEST_F(BatchFeedTest, ANewEpochForgetsTheBatchAhead) {
  BatchFeed feed(*loader_, at::kCPU, std::make_unique<CountedCopies>(events_));
  feed.StartEpoch(0);
  data::Batch batch;
  feed.Next(&batch);
  feed.Prefetch();
  feed.StartEpoch(0, 3);
  feed.Next(&batch);
  EXPECT_EQ(batch.first_position, 12);
}

}  // namespace
}  // namespace deepmad::train
