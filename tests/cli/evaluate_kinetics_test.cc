#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "tests/cli/one_line.h"
#include "tests/cli/program.h"
#include "tests/places.h"
#include "tests/temporary_folder.h"

namespace deepmad::cli {
namespace {

class EvaluateKinetics : public testing::Test {
 protected:
  void SetUp() override {
    labels_ = folder_.Write("labels.txt", "a/1.mp4 0\na/2.mp4 0\nb/1.mp4 1\nb/2 with blanks.mp4 1\n");
    scores_ = folder_.Write("scores.json", R"({"b/1.mp4": [0.1, 0.2, 0.7], "a/1.mp4": [3, 1, 2], "a/2.mp4": [1, 0.5, 0],
      "b/2 with blanks.mp4": [-1, 0, -2]})");
  }
  Outcome Evaluate(const std::vector<std::string>& more = {}) {
    std::vector<std::string> all = {"evaluate", "kinetics", "--labels", labels_, "--scores", scores_};
    all.insert(all.end(), more.begin(), more.end());
    return Deepmad(all);
  }

  TemporaryFolder folder_;
  std::string labels_, scores_;
};

TEST_F(EvaluateKinetics, GivesTheThreeNumbersAndALineAClass) {
  const Outcome outcome = Evaluate({"--json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const nlohmann::json document = nlohmann::json::parse(outcome.out);
  EXPECT_EQ(document.at("top1"), 0.75);
  EXPECT_EQ(document.at("top5"), 1.0);
  EXPECT_EQ(document.at("mean_class_accuracy"), (1.0 + 0.5 + 0.0) / 3) << "class 2 is predicted and never labelled";
  EXPECT_EQ(document.at("videos"), 4);
  EXPECT_EQ(document.at("classes").size(), 3U);
  const std::string names = folder_.Write("names.txt", "run\nsit\nwave\n");
  const Outcome table = Evaluate({"--names", names});
  EXPECT_NE(table.out.find("top-1 75.00   top-5 100.00   mean class accuracy 50.00   percent, 4 videos"), std::string::npos) << table.out;
  EXPECT_NE(table.out.find("wave"), std::string::npos) << table.out;
}

TEST_F(EvaluateKinetics, NamesWhatDoesNotFit) {
  const auto refuse = [&](const std::string& scores, const std::vector<std::string>& words) {
    folder_.Write("scores.json", scores);
    ExpectOneLine(Evaluate(), 1, words);
  };
  refuse(R"({"a/1.mp4": [1, 2]})", {"3 videos of the list have no scores", "a/2.mp4", "scores.json"});
  refuse(R"({"c.mp4": [1, 2]})", {"'c.mp4' is not in the list", "labels.txt"});
  refuse(R"({"a/1.mp4": [1, 2], "a/1.mp4": [1, 2]})", {"or has scores twice"});
  refuse(R"({"a/1.mp4": [1]})", {"label 1 of 1 scores"});
  refuse(R"({"a/1.mp4": [1, 2], "a/2.mp4": [1, 2, 3]})", {"'a/2.mp4' has 3 scores, not 2"});
  refuse(R"({"a/1.mp4": []})", {"has 0 scores"});
  refuse(R"({"a/1.mp4": [1, null]})", {"a score that is no number"});
  refuse(R"({"a/1.mp4": [1, 1e300]})", {"a score that is no number"});
  refuse(R"({"a/1.mp4": 3})", {"has no list of scores"});
  refuse(R"({"": [1, 2]})", {"a video without a name"});
  refuse(R"([1])", {"scores.json"});
  labels_ = folder_.Write("labels.csv", "label,youtube_id,time_start,time_end\nyoga,abc,1,3\n");
  ExpectOneLine(Evaluate(), 2, {"a list of class names", "labels.csv"});
}

TEST(EvaluateKineticsPeer, EqualsNumpyOnRandomScores) {
  if (PeersPython().empty()) GTEST_SKIP() << "needs the Python peers: run scripts/setup.sh --peers";
  for (int seed = 0; seed < 5; ++seed) {
    const TemporaryFolder folder;
    const std::string command =
        PeersPython() + " " + SourceFolder() + "/tests/train/metrics/video_accuracy_peer.py " + folder.path() + " " + std::to_string(seed);
    ASSERT_EQ(std::system(command.c_str()), 0);
    const nlohmann::json expected = nlohmann::json::parse(base::ReadFile(folder.File("expected.json")));
    const Outcome outcome =
        Deepmad({"evaluate", "kinetics", "--labels", folder.File("labels.txt"), "--scores", folder.File("scores.json"), "--json"});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    const nlohmann::json scores = nlohmann::json::parse(outcome.out);
    for (const char* name : {"top1", "top5", "mean_class_accuracy"}) {
      EXPECT_NEAR(scores.at(name).get<double>(), expected.at(name).get<double>(), 1e-12) << name;
    }
    EXPECT_EQ(scores.at("videos"), expected.at("videos"));
  }
}

}  // namespace
}  // namespace deepmad::cli
