#include "train/run/scored_run.h"

#include "tests/train/accident_run.h"

namespace deepmad::train {
namespace {

class ScoredRunTest : public ExperimentTest {
 protected:
  base::Json Score(const std::string& name, bool test = true, const std::vector<std::string>& changes = {}) const {
    RunOptions options = Options();
    options.out = Folder(name);
    const auto config = [&](const std::vector<std::string>& more) {
      base::Config run = base::Config::FromText(kRun);
      for (const char* one : {"task={name: accident, label_smoothing: 0.1}", "data.holdout.per_class=5", "train.ema=null"})
        run.Override(one);
      for (const std::string& one : changes) run.Override(one);
      for (const std::string& one : more) run.Override(one);
      return run;
    };
    return TrainAndScore(config, TinyNetwork(), options, test);
  }
};

TEST_F(ScoredRunTest, ScoresEachPartOfTheData) {
  const base::Json record = Score("run");
  EXPECT_EQ(record.at("status"), "finished");
  EXPECT_EQ(record.at("samples"), 3 * 3 * 16) << "50 of 70 samples are trained on";
  const base::Json &validation = record.at("validation"), &batch = record.at("batch_statistics");
  EXPECT_NE(batch.at("loss"), validation.at("loss"));
  EXPECT_NE(record.at("train").at("loss"), validation.at("loss"));
  EXPECT_NE(record.at("test").at("loss"), validation.at("loss"));
  EXPECT_EQ(Score("run").at("batch_statistics"), batch) << "the weights of the finished run, scored again";
  EXPECT_FALSE(Score("run", /*test=*/false).contains("test"));
}

// Training itself goes by the statistics of its batches: how fast the running averages follow changes nothing but them.
TEST_F(ScoredRunTest, BatchStatisticsDoNotDependOnRunningAverages) {
  const base::Json slow = Score("slow", false, {"train.batch_norm.momentum=0.05"}),
                   fast = Score("fast", false, {"train.batch_norm.momentum=0.9"});
  EXPECT_NE(slow.at("validation").at("loss"), fast.at("validation").at("loss"));
  EXPECT_EQ(slow.at("batch_statistics"), fast.at("batch_statistics"));
}

TEST_F(ScoredRunTest, ADivergenceScoresChanceAndSaysWhy) {
  lose_at = Accident{1, 1};
  const base::Json record = Score("lost");
  EXPECT_EQ(record.at("status"), "diverged");
  EXPECT_NE(record.at("error").get<std::string>().find("the loss is nan"), std::string::npos);
  EXPECT_EQ(record.at("validation").at("top1"), 0.25);
  EXPECT_EQ(record.at("test").at("top1"), 0.25);
  lose_at.reset();
  lose_score = true;
  EXPECT_EQ(Score("score", /*test=*/false).at("status"), "diverged");
}

TEST_F(ScoredRunTest, OtherErrorsStayErrors) {
  stop_at = Accident{1, 0};
  EXPECT_EQ(ErrorOf([&] { Score("stopped"); }).kind(), base::ErrorKind::kStopped);
  stop_at.reset();
  base::ClearStopRequest();
  EXPECT_EQ(Score("stopped").at("status"), "finished");
  EXPECT_EQ(ErrorOf([&] { Score("whole", true, {"data.holdout=null"}); }).kind(), base::ErrorKind::kUsage);
  EXPECT_EQ(ErrorOf([&] { Score("large", true, {"data.holdout.per_class=9"}); }).kind(), base::ErrorKind::kUsage);
}

}  // namespace
}  // namespace deepmad::train
