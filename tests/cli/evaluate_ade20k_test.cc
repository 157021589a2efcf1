// Maps of classes in PNG files, scored without a network.
#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "data/image/image_io.h"
#include "tests/cli/one_line.h"
#include "tests/cli/program.h"
#include "tests/places.h"
#include "tests/temporary_folder.h"

namespace deepmad::cli {
namespace {

std::string Png(int height, int width, const std::vector<uint8_t>& pixels, int channels = 1) {
  data::Image image(height, width, channels);
  image.pixels = pixels;
  return data::EncodePng(image);
}

class EvaluateAde20k : public testing::Test {
 protected:
  void SetUp() override {
    folder_.Write("labels/a.png", Png(2, 3, {0, 1, 1, 2, 2, 255}));
    folder_.Write("predictions/a.png", Png(2, 3, {5, 1, 2, 2, 2, 1}));
    folder_.Write("labels/b.png", Png(1, 2, {1, 4}));
    folder_.Write("predictions/b.png", Png(1, 2, {1, 0}));
  }
  Outcome Evaluate(std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {
        "evaluate", "ade20k", "--labels", folder_.File("labels"), "--predictions", folder_.File("predictions")};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Deepmad(arguments);
  }
  TemporaryFolder folder_;
};

TEST_F(EvaluateAde20k, CountsClassesFromOneAndLeavesZeroOut) {
  const Outcome outcome = Evaluate({"--json", "--names", folder_.Write("names.txt", "wall\nsky\n")});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const nlohmann::json scores = nlohmann::json::parse(outcome.out);
  // Class 1: 2 of 3 found, nothing else taken for it. Class 2: both found, and one of class 1. Class 4: predicted as no class.
  EXPECT_DOUBLE_EQ(scores.at("mIoU"), (2.0 / 3 + 2.0 / 3 + 0) / 3);
  EXPECT_DOUBLE_EQ(scores.at("mAcc"), (2.0 / 3 + 1 + 0) / 3);
  EXPECT_DOUBLE_EQ(scores.at("aAcc"), 4.0 / 6);
  EXPECT_EQ(scores.at("images"), 2);
  EXPECT_EQ(scores.at("pixels"), 6);
  ASSERT_EQ(scores.at("classes").size(), 3);
  EXPECT_EQ(scores.at("classes")[1].at("name"), "sky");
  EXPECT_EQ(scores.at("classes")[2].at("name"), "class 4");
  EXPECT_NE(outcome.err.find("1 labelled pixels are predicted to be of no class"), std::string::npos) << outcome.err;
}

TEST_F(EvaluateAde20k, CountsClassesFromZeroWhereAsked) {
  const Outcome outcome = Evaluate({"--json", "--zero-is-a-class", "--classes", "6"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const nlohmann::json scores = nlohmann::json::parse(outcome.out);
  EXPECT_EQ(scores.at("pixels"), 7);
  EXPECT_EQ(scores.at("classes").back().at("class"), 5) << "predicted only";
  EXPECT_TRUE(scores.at("classes").back().at("Acc").is_null());
  EXPECT_EQ(scores.at("classes").back().at("IoU"), 0);
}

TEST_F(EvaluateAde20k, PrintsATableForPeople) {
  const Outcome outcome = Evaluate();
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("mIoU 44.44   mAcc 55.56   aAcc 66.67"), std::string::npos) << outcome.out;
}

TEST_F(EvaluateAde20k, NamesAPredictionOfAnotherSize) {
  folder_.Write("predictions/b.png", Png(2, 1, {1, 1}));
  ExpectOneLine(Evaluate(), 1, {"1x2", "2x1", "predictions/b.png", "labels/b.png"});
}

TEST_F(EvaluateAde20k, NamesAFileWithANumberThatIsNoClass) {
  folder_.Write("predictions/a.png", Png(2, 3, {0, 1, 2, 2, 2, 1}));
  ExpectOneLine(Evaluate({"--classes", "3"}), 1, {"label 4 of 3 classes", "labels/b.png"});
  folder_.Write("predictions/a.png", Png(2, 3, {0, 1, 7, 2, 2, 1}));
  ExpectOneLine(Evaluate({"--classes", "6"}), 1, {"label 7 of 6 classes", "predictions/a.png"});
}

TEST_F(EvaluateAde20k, NamesAMapInColour) {
  folder_.Write("predictions/b.png", Png(1, 2, {1, 1, 1, 4, 4, 4}, 3));
  ExpectOneLine(Evaluate(), 1, {"RGB", "predictions/b.png"});
}

TEST_F(EvaluateAde20k, NamesAFileWithoutPartner) {
  std::filesystem::remove(folder_.File("predictions/a.png"));
  ExpectOneLine(Evaluate(), 1, {"no file of this name", "labels/a.png"});
}

TEST_F(EvaluateAde20k, NamesATruncatedFile) {
  const std::string whole = Png(2, 3, {0, 1, 1, 2, 2, 255});
  folder_.Write("labels/a.png", whole.substr(0, whole.size() - 20));
  ExpectOneLine(Evaluate(), 1, {"broken PNG image", "labels/a.png"});
}

TEST_F(EvaluateAde20k, CannotScoreMapsWithoutAnyClass) {
  folder_.Write("labels/a.png", Png(2, 3, {0, 0, 0, 0, 0, 255}));
  folder_.Write("labels/b.png", Png(1, 2, {0, 0}));
  ExpectOneLine(Evaluate(), 1, {"no labelled pixel was scored"});
}

TEST(EvaluateAde20kPeer, EqualsNumpyOnRealScenes) {
  const char* data = std::getenv("DEEPMAD_TEST_DATA");
  if (data == nullptr) GTEST_SKIP() << "needs DEEPMAD_TEST_DATA";
  if (PeersPython().empty()) GTEST_SKIP() << "needs the Python peers: run scripts/setup.sh --peers";
  for (const std::string split : {"training", "validation"}) {
    const TemporaryFolder folder;
    const std::string labels = std::string(data) + "/ade20k-mini/annotations/" + split;
    const std::string command = PeersPython() + " " + SourceFolder() + "/tests/train/metrics/mean_iou_peer.py files " + labels + " " +
                                folder.File("made") + " > " + folder.File("expected.json");
    ASSERT_EQ(std::system(command.c_str()), 0);
    const nlohmann::json expected = nlohmann::json::parse(base::ReadFile(folder.File("expected.json")));
    const Outcome outcome = Deepmad({"evaluate", "ade20k", "--labels", labels, "--predictions", folder.File("made"), "--json"});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    const nlohmann::json scores = nlohmann::json::parse(outcome.out);
    for (const char* name : {"mIoU", "mAcc", "aAcc", "images"}) EXPECT_EQ(scores.at(name), expected.at(name)) << name;
    EXPECT_GT(scores.at("mIoU"), 0.1);
    EXPECT_LT(scores.at("mIoU"), 0.9);
    size_t present = 0;
    for (const auto& row : expected.at("counts")) present += row[1] != 0 || row[2] != 0;
    ASSERT_EQ(scores.at("classes").size(), present);
    for (const auto& one : scores.at("classes")) {
      const auto& row = expected.at("counts").at(one.at("class").get<size_t>() - 1);
      EXPECT_EQ((nlohmann::json{one.at("both"), one.at("predicted"), one.at("labelled")}), row) << one.at("name");
    }
  }
}

}  // namespace
}  // namespace deepmad::cli
