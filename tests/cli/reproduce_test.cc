#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/cli/program.h"
#include "tests/temporary_folder.h"

namespace deepmad::cli {
namespace {

using Json = nlohmann::json;

TEST(ReproduceTest, PutsFoundRunsBesideThePublishedNumbers) {
  const TemporaryFolder folder;
  for (const char* run : {"a", "deep/b"}) {
    folder.Write(std::string(run) + "/config.yaml", "{name: imagenet-r18}");
    folder.Write(std::string(run) + "/network.yaml", "{}");
  }
  folder.Write("deep/b/summary.json", R"({"metrics": {"top1": 0.7701, "top1_ema": 0.7733}, "epochs": 480, "protocol": "224 px"})");
  const Outcome json = Deepmad({"reproduce", folder.path(), "--json"});
  ASSERT_EQ(json.exit_code, 0) << json.err;
  bool seen = false;
  const Json document = Json::parse(json.out);
  for (const Json& row : document.at("rows")) {
    if (row.at("name") != "imagenet-r18") {
      EXPECT_TRUE(row.at("runs").empty());
      continue;
    }
    seen = true;
    EXPECT_EQ(row.at("published").at("top1"), 0.777);
    ASSERT_EQ(row.at("runs").size(), 2U);
    EXPECT_EQ(row.at("runs")[0].at("finished"), false);
    EXPECT_EQ(row.at("runs")[1].at("metrics").at("top1_ema"), 0.7733);
  }
  EXPECT_TRUE(seen);
  const Outcome text = Deepmad({"reproduce", folder.path()});
  EXPECT_NE(text.out.find("not finished"), std::string::npos) << text.out;
  EXPECT_NE(text.out.find("77.010"), std::string::npos) << text.out;
  EXPECT_NE(text.out.find("-0.690"), std::string::npos) << text.out;
}

TEST(ReproduceTest, NamesAFolderThatIsNotThereAndADamagedSummary) {
  const TemporaryFolder folder;
  EXPECT_EQ(Deepmad({"reproduce", folder.File("none")}).exit_code, 2);
  folder.Write("a/config.yaml", "{name: imagenet-r18}");
  folder.Write("a/network.yaml", "{}");
  folder.Write("a/summary.json", "{");
  const Outcome outcome = Deepmad({"reproduce", folder.path()});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_NE(outcome.err.find("a/summary.json"), std::string::npos) << outcome.err;
}

}  // namespace
}  // namespace deepmad::cli
