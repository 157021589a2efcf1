// Scoring results files, without a network.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/cli/one_line.h"
#include "tests/cli/program.h"
#include "tests/places.h"
#include "tests/temporary_folder.h"

namespace deepmad::cli {
namespace {

using Json = nlohmann::json;

class EvaluateCoco : public testing::Test {
 protected:
  void SetUp() override {
    annotations_ = folder_.Write("truth.json", R"({"images": [{"id": 1}, {"id": 2}], "annotations": [
      {"id": 1, "image_id": 1, "category_id": 3, "bbox": [10, 10, 50, 50], "area": 2000, "iscrowd": 0},
      {"id": 2, "image_id": 2, "category_id": 3, "bbox": [0, 0, 20, 20], "area": 400, "iscrowd": 0}],
      "categories": [{"id": 3, "name": "dog"}, {"id": 5, "name": "cat"}]})");
    results_ = folder_.Write("boxes.json", R"([{"image_id": 1, "category_id": 3, "bbox": [10, 10, 50, 50], "score": 0.9},
      {"image_id": 2, "category_id": 3, "bbox": [10, 0, 20, 20], "score": 0.8}, {"image_id": 2, "category_id": 7, "bbox": [1, 1, 2, 2], "score": 1}])");
  }
  Outcome Evaluate(const std::vector<std::string>& more) {
    std::vector<std::string> all = {"evaluate", "coco", "--annotations", annotations_, "--results", results_};
    all.insert(all.end(), more.begin(), more.end());
    return Deepmad(all);
  }

  TemporaryFolder folder_;
  std::string annotations_, results_;
};

TEST_F(EvaluateCoco, GivesTheTwelveNumbersAndALineAClass) {
  const Outcome outcome = Evaluate({"--json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_NE(outcome.err.find("warning: 1 results are of categories that the annotations do not list"), std::string::npos) << outcome.err;
  const Json document = Json::parse(outcome.out);
  const std::vector<double> stats = document.at("stats");
  ASSERT_EQ(stats.size(), 12u);
  EXPECT_NEAR(stats[0], 51.0 / 101, 1e-9) << "one of two objects is found, at recall up to 0.5";
  EXPECT_NEAR(stats[3], 0, 1e-9);
  EXPECT_NEAR(stats[4], 1, 1e-9);
  EXPECT_EQ(stats[5], -1);
  EXPECT_EQ(document.at("stat_names").at(8), "AR100");
  EXPECT_EQ(document.at("other_detections"), 1);
  const Json& dog = document.at("classes").at(0);
  EXPECT_EQ(std::tuple(dog.at("name"), dog.at("objects"), dog.at("detections")), std::tuple("dog", 2, 2));
  EXPECT_EQ(dog.at("AP"), document.at("stats").at(0));
  EXPECT_EQ(document.at("classes").at(1).at("AP"), -1);

  const Outcome table = Evaluate({});
  EXPECT_NE(table.out.find("AP50       50.5"), std::string::npos) << table.out;
  EXPECT_NE(table.out.find("dog          2          2   50.5"), std::string::npos) << table.out;
  EXPECT_NE(table.out.find("cat          0          0      -"), std::string::npos) << table.out;
}

TEST_F(EvaluateCoco, WritesTheDocumentAndTheCurvesIntoAFolder) {
  const std::string out = folder_.File("new/scores");
  const Outcome outcome = Evaluate({"--json", "--out", out});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  std::ifstream file(out + "/evaluation.json");
  EXPECT_EQ(Json::parse(file), Json::parse(outcome.out));
  EXPECT_GT(std::filesystem::file_size(out + "/precision_recall.png"), 1000u);
  EXPECT_EQ(Evaluate({"--out", folder_.File("dry"), "--dry-run"}).exit_code, 0);
  EXPECT_FALSE(std::filesystem::exists(folder_.File("dry")));
}

TEST_F(EvaluateCoco, WrongInputIsOneClearLine) {
  ExpectOneLine(Deepmad({"evaluate"}), 2, {"name one evaluation", "try deepmad evaluate coco"});
  ExpectOneLine(Deepmad({"evaluate", "cocoa"}), 2, {"unknown evaluation 'cocoa'", "did you mean 'coco'"});
  ExpectOneLine(Deepmad({"evaluate", "coco", "--results", results_}), 2, {"--annotations is required"});
  ExpectOneLine(Evaluate({"threshold=1"}), 2, {"unexpected argument 'threshold=1'"});
  annotations_ = folder_.File("absent.json");
  ExpectOneLine(Evaluate({}), 1, {"absent.json", "No such file"});
  annotations_ = results_;
  ExpectOneLine(Evaluate({}), 1, {"boxes.json: byte 0", "expected an object, got '['"});
  SetUp();
  results_ = folder_.Write("other.json", R"([{"image_id": 12, "category_id": 3, "bbox": [1, 1, 2, 2], "score": 1}])");
  ExpectOneLine(Evaluate({}), 1, {"result 0 (image 12): its image is not among those of the annotations", "other.json"});
}

TEST(EvaluateCocoPeer, EqualsPycocotoolsOnTheSmallRealSet) {
  const char* root = std::getenv("DEEPMAD_TEST_DATA");
  if (root == nullptr || PeersPython().empty()) GTEST_SKIP() << "needs DEEPMAD_TEST_DATA and the Python peers (scripts/setup.sh --peers)";
  for (const char* split : {"train", "val"}) {
    const std::string annotations = std::string(root) + "/coco-mini/annotations/instances_" + split + "2017.json";
    const TemporaryFolder folder;
    const std::string command =
        PeersPython() + " " + SourceFolder() + "/tests/train/metrics/coco_peer.py files " + annotations + " " + folder.path();
    ASSERT_EQ(std::system(command.c_str()), 0);
    std::ifstream file(folder.File("stats.json"));
    const Json all = Json::parse(file);
    EXPECT_EQ(all.size(), 5u);
    for (const auto& [name, wanted] : all.items()) {
      SCOPED_TRACE(split + (" " + name));
      const Outcome outcome =
          Deepmad({"evaluate", "coco", "--annotations", annotations, "--results", folder.File(name + ".json"), "--json", "--quiet"});
      ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
      const Json stats = Json::parse(outcome.out).at("stats");
      ASSERT_EQ(stats.size(), wanted.size());
      for (size_t s = 0; s < wanted.size(); ++s) EXPECT_NEAR(stats[s].get<double>(), wanted[s].get<double>(), 1e-9) << s;
    }
  }
}

}  // namespace
}  // namespace deepmad::cli
