// deepmad bench: what it measures, and what it says to wrong arguments. No figure of speed is tested.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/cli/program.h"
#include "tests/cli/small_run.h"
#include "tests/temporary_folder.h"

namespace deepmad::cli {
namespace {

using Json = nlohmann::json;

constexpr char kFeatures[] = R"(version: 1
name: maps
input: {channels: 3, height: 16, width: 16}
blocks:
  - {type: conv, stride: 2, out_channels: 8}
  - {type: basic, depth: 1, stride: 2, bottleneck_channels: 8, out_channels: 16}
head: {type: features}
)";

Outcome Bench(std::vector<std::string> words) {
  words.insert(words.begin(), "bench");
  words.insert(words.end(), {"--seconds", "0", "--threads", "1", "--device", "cpu", "--quiet"});
  return Deepmad(words);
}

Json Document(const Outcome& outcome) {
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  return Json::parse(outcome.out);
}

TEST(BenchTest, MeasuresEachKindOfWorkPrecisionAndBatch) {
  const SmallRun run;
  const Json document = Document(Bench({run.network_file(), "--batch", "1,3", "--json"}));
  EXPECT_EQ(document.at("network"), "small");
  EXPECT_EQ(document.at("threads"), 1);
  EXPECT_GT(document.at("peak_resident_bytes").get<double>(), 1e6);
  std::vector<std::string> cases;
  for (const Json& row : document.at("cases")) {
    cases.push_back(row.at("work").get<std::string>() + " " + row.at("precision").get<std::string>() + " " + row.at("batch").dump());
    const Json& times = row.at("milliseconds");
    EXPECT_LE(times.at("p10"), times.at("median"));
    EXPECT_LE(times.at("median"), times.at("p90"));
    EXPECT_GE(row.at("passes"), 5);
    EXPECT_NEAR(row.at("images_per_second").get<double>() * times.at("median").get<double>(), 1000 * row.at("batch").get<double>(), 1e-3);
    EXPECT_GT(row.at("tensor_bytes").get<double>(), 4 * document.at("params").get<double>() * (row.at("precision") == "float32" ? 1 : 0.5));
  }
  EXPECT_EQ(cases, (std::vector<std::string>{"inference float32 1", "inference float32 3", "inference bfloat16 1", "inference bfloat16 3",
                                             "training float32 1", "training float32 3", "training bfloat16 1", "training bfloat16 3"}));
}

TEST(BenchTest, MeasuresRecordedWorkAndFloat16) {
  const SmallRun run;
  const Json document = Document(Bench({run.network_file(), "--graphs", "--batch", "2", "--precision", "float16", "--json"}));
  EXPECT_EQ(document.at("graphs"), true);
  ASSERT_EQ(document.at("cases").size(), 2u);
  for (const Json& row : document.at("cases")) {
    EXPECT_EQ(row.at("precision"), "float16");
    EXPECT_GE(row.at("passes"), 5);
    EXPECT_GT(row.at("images_per_second").get<double>(), 0);
  }
}

TEST(BenchTest, SharesTheTimeAmongTheLayers) {
  const SmallRun run;
  const Json document =
      Document(Bench({run.network_file(), "--batch", "2", "--precision", "float32", "--work", "inference", "--layers", "--json"}));
  double share = 0, macs = 0;
  for (const Json& row : document.at("layers").at("rows")) {
    share += row.at("share").get<double>();
    macs += row.at("macs").get<double>();
  }
  EXPECT_NEAR(share, 1, 1e-9);
  EXPECT_EQ(macs, document.at("macs").get<double>());
  const Outcome table = Bench({run.network_file(), "--batch", "2", "--precision", "float32", "--work", "inference", "--layers"});
  for (const char* words : {"median ms", "GMAC/s", "block_list.1.block_list.0.conv2.conv1", "conv 3x3 + shortcut", "fc_linear"}) {
    EXPECT_NE(table.out.find(words), std::string::npos) << words << " in " << table.out;
  }
}

TEST(BenchTest, TakesARunFolderWithItsConfiguration) {
  const SmallRun run;
  const TemporaryFolder folder;
  const std::string out = folder.File("run");
  ASSERT_EQ(run.Train(out, {"train.epochs=1"}).exit_code, 0);
  const Json document = Document(Bench({out, "--work", "training", "--batch", "4", "--precision", "bfloat16", "--json"}));
  ASSERT_EQ(document.at("cases").size(), 1u);
  EXPECT_GT(document.at("cases")[0].at("phases_ms").at("backward").get<double>(), 0);
  EXPECT_EQ(Bench({out, "train.optimizer={name: sgdd}"}).exit_code, 2);
}

TEST(BenchTest, MeasuresInferenceAloneWhereNothingCanBeTrained) {
  const TemporaryFolder folder;
  const std::string network = folder.Write("maps.yaml", kFeatures);
  const Json document = Document(Bench({network, "--batch", "1", "--precision", "float32", "--json"}));
  ASSERT_EQ(document.at("cases").size(), 1u);
  EXPECT_EQ(document.at("cases")[0].at("work"), "inference");
  const Outcome refused = Bench({network, "--work", "training"});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_NE(refused.err.find("gives features and has no classifier"), std::string::npos) << refused.err;
  EXPECT_NE(refused.err.find("--work inference"), std::string::npos) << refused.err;
  const SmallRun run;
  const std::string scenes = folder.Write("scenes.yaml", R"(version: 1
name: scenes
input: {channels: 3, height: 32, width: 32}
blocks:
  - {type: conv, stride: 2, out_channels: 8}
  - {type: conv, stride: 2, out_channels: 8}
  - {type: conv, stride: 2, out_channels: 8}
  - {type: conv, stride: 2, out_channels: 8}
  - {type: conv, stride: 2, out_channels: 8}
head: {type: upernet, classes: 3, channels: 8}
)");
  const Outcome dense = Bench({scenes});
  EXPECT_EQ(dense.exit_code, 2);
  EXPECT_NE(dense.err.find("head of type upernet"), std::string::npos) << dense.err;
  const Outcome videos = Bench({run.network_file(), "--work", "training", "task.name=action_recognition"});
  EXPECT_EQ(videos.exit_code, 2);
  EXPECT_NE(videos.err.find("is trained on videos"), std::string::npos) << videos.err;
}

TEST(BenchTest, RefusesArgumentsThatMeanNothingAndRunsNothingDry) {
  const SmallRun run;
  const struct {
    std::vector<std::string> words;
    const char* says;
  } cases[] = {{{run.network_file(), "--batch", "0"}, "--batch"},
               {{run.network_file(), "--batch", "1,x"}, "--batch"},
               {{run.network_file(), "--precision", "int8"}, "--precision"},
               {{run.network_file(), "--work", "sleep"}, "--work"},
               {{run.network_file(), "--seconds", "-1"}, "--seconds"},
               {{"absent.yaml"}, "absent.yaml"},
               {{}, "no network file or run folder given"}};
  for (const auto& c : cases) {
    const Outcome outcome = Bench(c.words);
    EXPECT_EQ(outcome.exit_code, 2) << c.says;
    EXPECT_NE(outcome.err.find(c.says), std::string::npos) << outcome.err;
  }
  const Outcome dry = Bench({run.network_file(), "--dry-run"});
  EXPECT_EQ(dry.exit_code, 0) << dry.err;
  EXPECT_NE(dry.out.find("would measure small at batch 1, 32"), std::string::npos) << dry.out;
}

}  // namespace
}  // namespace deepmad::cli
