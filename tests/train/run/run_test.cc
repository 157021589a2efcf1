// Whole runs on made-up pictures with a tiny network.
#include "train/run/run.h"

#include "tests/train/accident_run.h"
#include "train/run/train_config.h"
#include "train/tasks/task.h"

namespace deepmad::train {
namespace {

TEST_F(ExperimentTest, LearnsAndLeavesACompleteFolder) {
  const RunSummary run = Train("a", {"train.epochs=8"});
  EXPECT_GT(run.summary.at("metrics").at("top1").get<double>(), 0.5);  // chance is 0.25
  EXPECT_LE(run.summary.at("metrics").at("top1"), run.summary.at("best").at("top1").at("value"));
  EXPECT_TRUE(run.summary.at("metrics").contains("top5_ema"));
  EXPECT_EQ(run.summary.at("samples"), 8 * 4 * 16);
  EXPECT_EQ(run.summary.at("epochs"), 8);
  for (const char* file : {"config.yaml", "network.yaml", "log.jsonl", "metrics.csv", "curves.png", "report.html", "summary.json",
                           "last.safetensors", "last_ema.safetensors", "best.safetensors", "best_ema.safetensors"}) {
    EXPECT_TRUE(std::filesystem::exists(Folder("a") + "/" + file)) << file;
  }
  EXPECT_EQ(mad::LoadNetwork(Folder("a") + "/network.yaml"), TinyNetwork());
}

TEST_F(ExperimentTest, ValidationOfTheWeightsGivesTheNumbersOfTheRun) {
  const base::Json metrics = Train("a").summary.at("metrics");
  for (const auto& [file, suffix] : {std::pair{"last", ""}, std::pair{"last_ema", "_ema"}}) {
    const base::Json result = ValidateRun(base::Config::FromFile(Folder("a") + "/config.yaml"), TinyNetwork(),
                                          {Folder("a") + "/" + file + ".safetensors"}, Options());
    for (const auto& [name, value] : result.at("metrics").items()) EXPECT_EQ(value, metrics.at(name + suffix)) << name << suffix;
  }
}

TEST_F(ExperimentTest, TheNumberOfLoaderWorkersChangesNothing) {
  Train("one");
  Train("none", {"data.workers=0"});
  Train("four", {"data.workers=4"});
  ExpectSameRun("one", "none");
  ExpectSameRun("one", "four");
}

TEST_F(ExperimentTest, AStoppedRunGoesOnToTheSameBits) {
  Train("whole");
  for (const Accident accident : {Accident{0, 0}, Accident{1, 1}, Accident{2, 3}}) {
    const std::string name = "stopped" + std::to_string(accident.epoch);
    stop_at = accident;
    EXPECT_EQ(ErrorOf([&] { Train(name); }).kind(), base::ErrorKind::kStopped);
    base::ClearStopRequest();
    stop_at.reset();
    EXPECT_FALSE(std::filesystem::exists(Folder(name) + "/summary.json"));
    EXPECT_FALSE(Train(name).already_done);
    ExpectSameRun("whole", name);
  }
}

// 70 samples: a pass ends in the middle of the fifth batch, and the second epoch.
TEST_F(ExperimentTest, CountedInStepsItTrainsOverTheEndsOfPassesAndGoesOnToTheSameBits) {
  const std::vector<std::string> steps = {"train.epochs=null", "train.steps=9", "validate.every_steps=3",
                                          "train.schedule={name: poly, warmup_steps: 4}"};
  const base::Json summary = Train("whole", steps).summary;
  EXPECT_EQ(summary.at("samples"), 9 * 16);
  EXPECT_EQ(summary.at("epochs"), 3);
  stop_at = Accident{1, 1};
  EXPECT_EQ(ErrorOf([&] { Train("stopped", steps); }).kind(), base::ErrorKind::kStopped);
  base::ClearStopRequest();
  stop_at.reset();
  Train("stopped", steps);
  ExpectSameRun("whole", "stopped");
  Train("accumulated", {steps[0], steps[1], steps[2], steps[3], "train.accumulate=2"});
  EXPECT_EQ(LastLine("accumulated/metrics.csv").substr(0, 7), "3,9,144") << "epoch, step, samples";
  const base::Error error = ErrorOf([&] { Train("uneven", {steps[0], steps[1], "validate.every_steps=2"}); });
  EXPECT_NE(std::string(error.what()).find("9 updates are no multiple of the 2"), std::string::npos) << error.what();
}

TEST_F(ExperimentTest, AStopWhileTheAverageIsValidatedLeavesTheWeightsInPlace) {
  Train("whole");
  metrics_until_stop = 5;  // one for the names, two for the first epoch, then the plain and the averaged weights of the second
  EXPECT_EQ(ErrorOf([&] { Train("stopped"); }).kind(), base::ErrorKind::kStopped);
  base::ClearStopRequest();
  EXPECT_TRUE(std::filesystem::exists(Folder("stopped") + "/checkpoints/step-00000008.safetensors"));
  Train("stopped");
  ExpectSameRun("whole", "stopped");
}

TEST_F(ExperimentTest, ARunKilledBetweenCheckpointsRepeatsTheLostSteps) {
  const std::vector<std::string> overrides = {"train.checkpoint_every_steps=3", "train.log_every_steps=1"};
  Train("whole", overrides);
  lose_at = Accident{1, 3};  // the log is at step 7, the last checkpoint at step 6
  EXPECT_EQ(ErrorOf([&] { Train("killed", overrides); }).kind(), base::ErrorKind::kFailed);
  EXPECT_EQ(base::Json::parse(LastLine("killed/log.jsonl")).at("step"), 7);
  lose_at.reset();
  Train("killed", overrides);
  ExpectSameRun("whole", "killed");
}

TEST_F(ExperimentTest, ANonFiniteLossNamesTheFilesAndKeepsTheCheckpoint) {
  lose_at = Accident{1, 3};  // the last batch of the second epoch
  const base::Error error = ErrorOf([&] { Train("a"); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kFailed);
  EXPECT_NE(std::string(error.what()).find("epoch 2"), std::string::npos);
  EXPECT_NE(std::string(error.what()).find("synthetic train#"), std::string::npos);
  EXPECT_TRUE(std::filesystem::exists(Folder("a") + "/checkpoints/step-00000004.safetensors"));
  EXPECT_FALSE(std::filesystem::exists(Folder("a") + "/checkpoints/step-00000008.safetensors"));
}

TEST_F(ExperimentTest, ANonFiniteGradientNamesTheFilesOfItsOwnBatch) {
  lose_gradient_at = Accident{1, 1};  // neither logged nor the last of the epoch
  const std::string gradient = ErrorOf([&] { Train("a"); }).what();
  lose_gradient_at.reset();
  lose_at = Accident{1, 1};
  const std::string loss = ErrorOf([&] { Train("b"); }).what();
  const auto files = [](const std::string& message) {
    const size_t start = message.find("of these files:");
    return message.substr(start, message.find(": ", start + 16) - start);
  };
  EXPECT_NE(gradient.find("the norm of the gradient is nan at step 6"), std::string::npos) << gradient;
  EXPECT_NE(loss.find("the loss is nan at step 6"), std::string::npos) << loss;
  EXPECT_EQ(files(gradient), files(loss));
  EXPECT_TRUE(std::filesystem::exists(Folder("a") + "/checkpoints/step-00000004.safetensors"));
}

TEST_F(ExperimentTest, ANonFiniteScoreEndsTheRunBeforeAnythingIsWritten) {
  lose_score = true;
  const base::Error error = ErrorOf([&] { Train("a"); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kFailed);
  EXPECT_NE(std::string(error.what()).find("top1 of the validation is inf after epoch 1"), std::string::npos) << error.what();
  EXPECT_FALSE(std::filesystem::exists(Folder("a") + "/last.safetensors"));
}

TEST_F(ExperimentTest, AFinishedRunIsNotRepeated) {
  const RunSummary first = Train("a");
  const RunSummary second = Train("a", {"data.workers=3"});
  EXPECT_TRUE(second.already_done);
  EXPECT_EQ(first.summary, second.summary);
}

TEST_F(ExperimentTest, AFolderWithAnotherRunIsLeftAlone) {
  Train("a");
  const std::string before = Content("a/last.safetensors");
  EXPECT_EQ(ErrorOf([&] { Train("a", {"seed=4"}); }).kind(), base::ErrorKind::kUsage);
  EXPECT_EQ(ErrorOf([&] { Train("a", {}, /*fresh=*/true); }).kind(), base::ErrorKind::kUsage);
  EXPECT_EQ(before, Content("a/last.safetensors"));
}

TEST_F(ExperimentTest, EveryTaskAndOptimizerLowersItsLossInTwoSteps) {
  for (const std::string& task : TaskRegistry::Get().Names()) {
    if (TaskRegistry::Get().Create(task, base::Config::FromText("{}"), 4)->labels() != data::LabelKind::kWhole) continue;  // of other data
    for (const char* optimizer : {"{name: sgd, lr: 0.1}", "{name: adamw, lr: 0.01}"}) {
      const std::string name = task + std::string(optimizer).substr(7, 3);
      Train(name, {"task={name: " + task + "}", "data.samples=16", "train.epochs=3", "train.log_every_steps=1",
                   "train.schedule={name: constant}", "data.train={crop: none, flip: 0}", std::string("train.optimizer=") + optimizer});
      std::istringstream lines(Content(name + "/log.jsonl"));
      std::vector<double> losses;
      for (std::string line; std::getline(lines, line);) {
        const base::Json record = base::Json::parse(line);
        if (record.contains("loss")) losses.push_back(record.at("loss"));
      }
      ASSERT_EQ(losses.size(), 3U) << name;
      EXPECT_LT(losses[2], losses[0]) << name;  // the same 16 pictures each time
    }
  }
}

TEST_F(ExperimentTest, RefusesWhatDoesNotFit) {
  const std::pair<const char*, const char*> mistakes[] = {{"data.classes=5", "head.classes"},
                                                          {"data.channels=1", "data.channels"},
                                                          {"train.epoch=3", "epochs"},
                                                          {"train.optimizer.momentun=0.9", "momentum"},
                                                          {"train.optimizer.name=sdg", "sgd"},
                                                          {"task.name=clasification", "classification"},
                                                          {"train.schedule.warmup_epochs=3", "warmup_epochs"},
                                                          {"train.accumulate=3", "3 micro-batches"},
                                                          {"train.steps=3", "both train.epochs and train.steps"},
                                                          {"train.batch_size=100", "100"}};
  for (const auto& [override, told] : mistakes) {
    const base::Error error = ErrorOf([&, assignment = std::string(override)] { Train("a", {assignment}); });
    EXPECT_EQ(error.kind(), base::ErrorKind::kUsage) << override;
    EXPECT_NE(std::string(error.what()).find(told), std::string::npos) << error.what();
  }
  EXPECT_FALSE(std::filesystem::exists(Folder("a")));
}

TEST_F(ExperimentTest, RefusesANetworkThatDoesNotFitTheRunBeforeWritingAnything) {
  ExpectRefused("whose head is of type features", [](mad::NetworkSpec& spec) { spec.head = {.type = "features", .classes = 0}; });
  ExpectRefused("only for inference", [](mad::NetworkSpec& spec) { spec.head.bits = 8; });
  ExpectRefused("only for inference", [](mad::NetworkSpec& spec) { spec.blocks[1].activation_bits = spec.blocks[1].weight_bits = {4}; });
  ExpectRefused("takes videos", [](mad::NetworkSpec& spec) { spec.blocks = {{.type = "conv3d", .stride = 2, .out_channels = 8}}; });
}

// Memory for some samples of kRun's network, not for all of its 70.
const std::vector<std::string> kAutoBatch = {"train.batch_size=auto", "train.batch_limits.memory_gb=0.001"};

TEST_F(ExperimentTest, FindsABatchThatFitsAndSaysItInTheConfigurationOfTheRun) {
  Train("found", kAutoBatch);
  const base::Config config = base::Config::FromFile(Folder("found") + "/config.yaml");
  const int64_t batch = config.Section("train").GetInt("batch_size", 1, 70);
  EXPECT_EQ(batch % 8, 0);
  EXPECT_LT(batch, 64);
  const TrainConfig read = ReadTrainConfig(config);
  EXPECT_FALSE(read.batch_limits);
  EXPECT_DOUBLE_EQ(read.lr, static_cast<double>(batch) / 256);  // lr_per_256: 1
  Train("given", {"train.batch_size=" + std::to_string(batch), kAutoBatch[1]});
  ExpectSameRun("found", "given");

  RunOptions options = Options();
  base::Config plan = base::Config::FromText(kRun);
  for (const std::string& assignment : kAutoBatch) plan.Override(assignment);
  EXPECT_EQ(DescribeRun(plan, TinyNetwork(), options).at("updates"), 70 / batch * 3);
}

TEST_F(ExperimentTest, GoesOnWithTheBatchThatWasFound) {
  Train("whole", kAutoBatch);
  stop_at = Accident{1, 1};
  EXPECT_EQ(ErrorOf([&] { Train("stopped", kAutoBatch); }).kind(), base::ErrorKind::kStopped);
  base::ClearStopRequest();
  stop_at.reset();
  Train("stopped", kAutoBatch);
  ExpectSameRun("whole", "stopped");
  EXPECT_TRUE(Train("stopped", kAutoBatch).already_done);
}

TEST_F(ExperimentTest, ABatchThatCannotFitIsAnErrorThatNamesTheLimit) {
  const std::pair<std::vector<std::string>, const char*> mistakes[] = {
      {{"train.batch_size=auto", "train.batch_limits.memory_gb=0.0001"}, "takes more than 100 kB"},
      {{"train.batch_size=auto", "train.batch_limits.max=16", "train.accumulate=4"}, "in 4 parts is within 16"},
      {{"train.batch_size=automatic"}, "train.batch_size"}};
  for (const auto& [overrides, told] : mistakes) {
    const base::Error error = ErrorOf([&, assignments = overrides] { Train("a", assignments); });
    EXPECT_EQ(error.kind(), base::ErrorKind::kUsage);
    EXPECT_NE(std::string(error.what()).find(told), std::string::npos) << error.what();
  }
  EXPECT_FALSE(std::filesystem::exists(Folder("a")));
}

TEST_F(ExperimentTest, DescribesARunWithoutWritingAnything) {
  RunOptions options = Options();
  options.out = Folder("a");
  const base::Json plan = DescribeRun(base::Config::FromText(kRun), TinyNetwork(), options);
  EXPECT_EQ(plan.at("updates"), 12);
  EXPECT_EQ(plan.at("samples"), 192);
  EXPECT_FALSE(std::filesystem::exists(folder_));
}

}  // namespace
}  // namespace deepmad::train
