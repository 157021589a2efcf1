// How often training and validation wait for the device.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/log.h"
#include "data/inputs/open_datasets.h"
#include "tests/cli/detection_run.h"
#include "tests/cli/scene_run.h"
#include "tests/cli/small_run.h"
#include "tests/cli/video_run.h"
#include "tests/dispatch/transfers.h"
#include "train/loop/device_feed.h"
#include "train/loop/evaluator.h"
#include "train/loop/update.h"
#include "train/run/runtime_setup.h"
#include "train/run/training_components.h"

namespace deepmad::dispatch {
namespace {

const at::Device kDevice(at::kCUDA, 0);

// A run's data, task and network on the stand-in device.
struct Made {
  explicit Made(const base::Config& config)
      : settings(train::ReadTrainConfig(config)),
        data(data::OpenDatasets(config.Section("data"), /*with_train=*/true)),
        task(train::MakeTask(config, static_cast<int64_t>(data.class_names().size()))) {
    task->StartValidation(config.Section("validate"), data);
    settings.precision.float64 = false;
    settings.precision.autocast.reset();
    const mad::NetworkSpec spec =
        config.IsScalar("network") ? mad::LoadNetwork(config.GetPath("network")) : mad::NetworkFromConfig(config.Section("network"));
    network = train::MakeNetwork(spec, settings, kDevice);
    task->Start({*network, kDevice, settings.precision.channels_last, settings.trainer.seed});
  }

  data::Loader Loader(bool training, int64_t batch_size) const {
    data::LoaderOptions options;
    options.batch_size = batch_size;
    options.workers = 1;
    options.drop_last = training;
    options.pin_memory = true;
    return data::Loader(training ? *data.train : *data.validation, training ? data.train_pipeline : data.validation_pipeline, options);
  }

  train::TrainConfig settings;
  data::Datasets data;
  std::unique_ptr<train::Task> task;
  std::shared_ptr<models::Network> network;
};

base::Config ConfigOf(const cli::MadeRun& run) {
  base::Config config = base::Config::FromFile(run.folder().File("run.yaml"));
  config.Override("data.root=" + run.folder().path());
  return config;
}

// Batches that were scored.
int64_t Validate(const Made& made, int64_t batch_size) {
  data::Loader loader = made.Loader(/*training=*/false, batch_size);
  train::Evaluator evaluator(*made.task, *made.network, loader, made.data.validation->size(), made.settings.precision, kDevice);
  AllTransfers().Clear();
  evaluator.Run("validate");
  return (made.data.validation->size() + batch_size - 1) / batch_size;
}

void ExpectAPassWithoutWaiting(const Made& made) {
  data::Loader loader = made.Loader(/*training=*/true, 2);
  train::BatchFeed feed(loader, kDevice);
  feed.StartEpoch(0);
  data::Batch batch;
  ASSERT_TRUE(feed.Next(&batch));
  AllTransfers().Clear();
  made.task->Loss(*made.network, batch, {3, 0, 0}).backward();
  EXPECT_EQ(AllTransfers().waited_to_device, 0);
  EXPECT_EQ(AllTransfers().to_host, 0);
  EXPECT_EQ(AllTransfers().scalars, 0);
}

class DispatchWaits : public testing::Test {
 protected:
  void SetUp() override { base::SetLogLevel(base::LogLevel::kQuiet); }
  void TearDown() override { base::SetLogLevel(base::LogLevel::kNormal); }
};

TEST_F(DispatchWaits, ValidationOfClassesReadsOnceAtItsEnd) {
  const cli::SmallRun run;
  const Made made(base::Config::FromFile(run.run_file()));
  const int64_t batches = Validate(made, 100);
  EXPECT_EQ(batches, 8);
  EXPECT_EQ(AllTransfers().copy_queues, batches);
  EXPECT_EQ(AllTransfers().queued_to_device, 2 * batches) << "images and labels";
  EXPECT_EQ(AllTransfers().waited_to_device, 0);
  EXPECT_EQ(AllTransfers().to_host, 1);
  EXPECT_EQ(AllTransfers().scalars, 1) << "the sum of the losses";
}

TEST_F(DispatchWaits, ValidationOfBoxesReadsOnceABatch) {
  const cli::DetectionRun run;
  const Made made(ConfigOf(run));
  const int64_t batches = Validate(made, 1);
  EXPECT_EQ(AllTransfers().copy_queues, batches);
  EXPECT_EQ(AllTransfers().waited_to_device, 0);
  EXPECT_EQ(AllTransfers().to_host, batches);
  EXPECT_EQ(AllTransfers().scalars, 0);
}

TEST_F(DispatchWaits, ValidationOfVideosReadsScoresAndLabelsOnceABatch) {
  const cli::VideoRun run(cli::VideoNetwork::kTsn);
  const Made made(ConfigOf(run));
  const int64_t batches = Validate(made, 2);
  EXPECT_EQ(AllTransfers().waited_to_device, 0);
  EXPECT_EQ(AllTransfers().to_host, 2 * batches);
}

TEST_F(DispatchWaits, AnUpdateReadsOnceAndWaitsForNothingElse) {
  const cli::SmallRun run;
  for (const char* precision : {"float32", "float16"}) {
    base::Config config = base::Config::FromFile(run.run_file());
    for (const std::string& assignment :
         {std::string("train.precision=") + precision, std::string("train.drop_path=0.2"), std::string("train.clip_norm=1"),
          std::string("task.loss=bce")}) {  // the CPU has no softmax from float16 to float32
      config.Override(assignment);
    }
    const train::TrainConfig settings = train::ReadTrainConfig(config);
    const train::Trial trial(config, settings, settings.precision, mad::LoadNetwork(config.GetPath("network")), kDevice);
    train::Update update(settings.trainer.update, trial.parts(), settings.precision, kDevice);
    const Made made(config);
    data::Loader loader = made.Loader(/*training=*/true, 16);
    train::BatchFeed feed(loader, kDevice);
    feed.StartEpoch(0);
    for (int64_t step = 0; step < 4; ++step) {
      data::Batch batch;
      ASSERT_TRUE(feed.Next(&batch));
      AllTransfers().Clear();
      update.Add(batch, {3, 0, step});
      update.Finish(0.01);
      EXPECT_EQ(AllTransfers().waited_to_device, 0) << precision;
      EXPECT_EQ(AllTransfers().to_host, 0) << precision;
      EXPECT_EQ(AllTransfers().scalars, 0) << precision;
      EXPECT_EQ(AllTransfers().readbacks, step == 0 ? 0 : 1) << precision << ": the update before";
    }
  }
}

TEST_F(DispatchWaits, PassesOfDetectionDoNotWait) {
  const cli::DetectionRun run;
  for (const char* head : {"fcos", "gflv2"}) {
    base::Config config = ConfigOf(run);
    config.Override(std::string("network.head.type=") + head);
    ExpectAPassWithoutWaiting(Made(config));
  }
}

TEST_F(DispatchWaits, PassesOfSegmentationDoNotWait) {
  const cli::SceneRun run;
  ExpectAPassWithoutWaiting(Made(ConfigOf(run)));
}

TEST_F(DispatchWaits, PassesOfActionRecognitionDoNotWait) {
  for (const cli::VideoNetwork network : {cli::VideoNetwork::kTsn, cli::VideoNetwork::kClips}) {
    const cli::VideoRun run(network);
    ExpectAPassWithoutWaiting(Made(ConfigOf(run)));
  }
}

}  // namespace
}  // namespace deepmad::dispatch
