// Data sets with a label for each pixel: checked file by file, and refused where a label for the picture is wanted.
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/cli/one_line.h"
#include "tests/cli/small_run.h"
#include "tests/data/miniatures.h"

namespace deepmad::cli {
namespace {

class SceneDataTest : public testing::Test {
 protected:
  void SetUp() override {
    data::MakeAde20kMiniature(folder_);
    file_ = folder_.Write("run.yaml", "data: {name: ade20k, root: " + folder_.path() + ", classes: 7, input: scenes, image_size: 16}\n");
  }
  TemporaryFolder folder_;
  std::string file_;
};

TEST_F(SceneDataTest, IsCheckedFileByFile) {
  const Outcome whole = Deepmad({"data", "check", file_, "--json"});
  ASSERT_EQ(whole.exit_code, 0) << whole.err;
  const auto counts = nlohmann::json::parse(whole.out);
  EXPECT_EQ(counts.at("train").at("samples"), 5);
  EXPECT_EQ(counts.at("validation").at("class_counts"), (std::vector<int>{3, 3, 3, 3, 3, 3, 2})) << "pictures that show the class";

  folder_.Write("annotations/training/1.png", data::EncodePng(data::Image(22, 28, 3)));
  folder_.Write("annotations/training/3.png", data::EncodePng(data::Image(9, 9, 1)));
  const Outcome broken = Deepmad({"data", "check", file_});
  EXPECT_EQ(broken.exit_code, 1);
  for (const char* part : {"RGB: ", "annotations/training/1.png", "9x9", "annotations/training/3.png", "2 broken"}) {
    EXPECT_NE(broken.out.find(part), std::string::npos) << part << " is not in " << broken.out;
  }

  std::filesystem::remove(folder_.File("images/training/4.jpg"));
  ExpectOneLine(Deepmad({"data", "check", file_, "--quiet"}), 1, {"no file of this name", "annotations/training/4.png"});
}

TEST_F(SceneDataTest, IsRefusedWhereALabelForThePictureIsWanted) {
  ExpectOneLine(Deepmad({"pack", file_, "--out", folder_.File("pack")}), 2, {"one for each pixel"});
  const SmallRun run;
  const std::vector<std::string> scenes = {"data.name=ade20k", "data.root=" + folder_.path(), "data.classes=7"};
  std::vector<std::string> overrides = scenes;
  ExpectOneLine(run.Train(folder_.File("out"), overrides), 2, {"ade20k has a label for each pixel", "data.input"});
  overrides.push_back("data.input=scenes");
  ExpectOneLine(run.Train(folder_.File("out"), overrides), 2, {"label for each pixel", "task classification"});
  ExpectOneLine(Deepmad({"predict", run.network_file(), "--weights", file_, folder_.File("images/training/0.jpg"), "data.image_size=16",
                         "data.input=scenes"}),
                2, {"network 'small'", "set data.input to pictures"});
}

}  // namespace
}  // namespace deepmad::cli
