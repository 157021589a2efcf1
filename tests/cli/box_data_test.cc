// Data sets with boxes around objects: checked file by file, drops counted and named, broken annotations refused in one line.
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/cli/one_line.h"
#include "tests/cli/small_run.h"
#include "tests/data/miniatures.h"

namespace deepmad::cli {
namespace {

class BoxDataTest : public testing::Test {
 protected:
  void SetUp() override {
    data::MakeCocoMiniature(folder_);
    file_ = folder_.Write("run.yaml", "data: {name: coco, root: " + folder_.path() + ", input: boxes}\n");
    annotations_ = base::ReadFile(folder_.File(kTrain));
  }
  Outcome Check(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words = {"data", "check", file_, "--quiet"};
    words.insert(words.end(), more.begin(), more.end());
    return Deepmad(words);
  }
  // The training annotations with one text in place of another.
  void Break(const std::string& from, const std::string& to) const {
    std::string text = annotations_;
    const size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    folder_.Write(kTrain, text.replace(at, from.size(), to));
  }

  static constexpr char kTrain[] = "annotations/instances_train2017.json";
  TemporaryFolder folder_;
  std::string file_, annotations_;
};

TEST_F(BoxDataTest, IsCheckedWithWhatIsLeftOut) {
  const Outcome whole = Check({"--json"});
  ASSERT_EQ(whole.exit_code, 0) << whole.err;
  const auto document = nlohmann::json::parse(whole.out);
  EXPECT_EQ(document.at("train").at("samples"), 9);
  EXPECT_EQ(document.at("train").at("class_counts"), (std::vector<int>{4, 4, 4}));
  EXPECT_EQ(
      document.at("train").at("left_out").at(0),
      (nlohmann::json{{"reason", "boxes narrower or lower than 1 pixel"}, {"count", 1}, {"names", {"annotation 1012 of image 108"}}}));
  EXPECT_EQ(document.at("validation").at("samples"), 6);
  EXPECT_TRUE(document.at("validation").at("left_out").empty());

  Break("[27.0,", "[64.0,");  // one of image 101 is outside
  std::filesystem::remove(folder_.File("train2017/104.png"));
  const Outcome broken = Check();
  EXPECT_EQ(broken.exit_code, 1);
  for (const char* part : {"left out, boxes narrower or lower than 1 pixel: 1\n    annotation 1012 of image 108",
                           "left out, boxes outside the picture: 1\n    annotation 1002 of image 101",
                           "left out, images without annotations: 1\n    image 109", "train2017/104.png", "1 broken"}) {
    EXPECT_NE(broken.out.find(part), std::string::npos) << part << " is not in " << broken.out;
  }
  EXPECT_NE(broken.err.find("1 broken samples"), std::string::npos) << broken.err;
}

TEST_F(BoxDataTest, BrokenAnnotationsAreOneClearLine) {
  const struct {
    const char* from;
    const char* to;
    std::vector<std::string> words;
  } cases[] = {
      {"\"image_id\":101", "\"image_id\":77", {"annotation 1 (id 1001, image 77): its image is not among the images"}},
      {"\"category_id\":7", "\"category_id\":8", {"annotation 1 (id 1001, image 101): its category 8 is not among the categories"}},
      {"[3.0,5.0,", "[NaN,5.0,", {"annotation 0 (id 1000, image 100): bbox: expected a number, got NaN"}},
      {"[3.0,5.0,", "[\"three\",5.0,", {"annotation 0 (id 1000, image 100): bbox: expected a number, got \"three\""}},
      {"[3.0,5.0,", "[5.0,", {"annotation 0 (id 1000, image 100): bbox: expected 4 numbers, got 3"}},
      {"\"width\":48", "\"width\":\"048\"", {"image 0 (id 100): width: expected a whole number, got \"048\""}},
      {"\"file_name\":\"100.png\",", "", {"image 100 '': no file_name"}},
      {"\"images\"", "\"pictures\"", {"no list of images"}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.words[0]);
    Break(c.from, c.to);
    std::vector<std::string> words = c.words;
    words.push_back("instances_train2017.json");
    ExpectOneLine(Check(), 1, words);
  }
  folder_.Write(kTrain, annotations_.substr(0, annotations_.size() / 2));
  ExpectOneLine(Check(), 1, {"instances_train2017.json", "byte"});
  folder_.Write(kTrain, annotations_);
  ExpectOneLine(Check({"data.train_annotations=none.json"}), 2, {"no such annotation file", "none.json", "data.train_annotations"});
  ExpectOneLine(Check({"data.train_pictures=none"}), 2, {"no such folder of pictures", "data.train_pictures"});
  ExpectOneLine(Check({"data.validation_annotations=" + folder_.Write("empty.json", R"({"images":[],"annotations":[],"categories":[]})")}),
                1, {"no categories", "empty.json"});
}

TEST_F(BoxDataTest, IsRefusedWhereALabelForThePictureIsWanted) {
  ExpectOneLine(Deepmad({"pack", file_, "--quiet", "--out", folder_.File("pack")}), 2, {"one for each object"});
  const SmallRun run;
  const std::vector<std::string> boxes = {"data.name=coco", "data.root=" + folder_.path(), "data.input=boxes"};
  ExpectOneLine(run.Train(folder_.File("out"), boxes), 2, {"label for each object", "task classification"});
}

}  // namespace
}  // namespace deepmad::cli
