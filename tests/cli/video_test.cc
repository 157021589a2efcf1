// Runs on videos from the command line: resume, several processes, predictions with contact sheets.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>

#include "base/atomic_file.h"
#include "data/image/image_io.h"
#include "tests/cli/one_line.h"
#include "tests/cli/same_run.h"
#include "tests/cli/small_run.h"
#include "tests/cli/tensor_file.h"
#include "tests/cli/video_run.h"

namespace deepmad::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

Json Ran(const std::vector<std::string>& words) {
  const Outcome outcome = Deepmad(words);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  return outcome.exit_code == 0 ? Json::parse(outcome.out) : Json();
}

// Lines of a file that may not be there yet.
int Lines(const std::string& path) {
  if (!fs::exists(path)) return 0;
  const std::string content = base::ReadFile(path);
  return static_cast<int>(std::count(content.begin(), content.end(), '\n'));
}

class VideoTest : public testing::TestWithParam<VideoNetwork> {
 protected:
  const VideoRun run_{GetParam()};
  const TemporaryFolder folder_;
  const std::string out_ = folder_.File("run");
};

// DEEPMAD_KILLS=25: so many of each.
TEST_P(VideoTest, KilledItEndsAsIfNothingHadHappened) {
  const std::string whole = folder_.File("whole");
  const Outcome first = run_.Train(whole);
  ASSERT_EQ(first.exit_code, 0) << first.err;
  std::mt19937 random(std::random_device{}());
  for (int kill = 0; kill < Effort("DEEPMAD_KILLS", 2); ++kill) {
    const std::string out = folder_.File("killed" + std::to_string(kill));
    const int line = 1 + static_cast<int>(random() % 8);  // two updates and a validation, three times
    SCOPED_TRACE("killed after line " + std::to_string(line) + " of the log");
    Program program(run_.Words(out));
    while (program.Running() && Lines(out + "/log.jsonl") < line) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    program.Signal(SIGKILL);
    program.Wait();  // it may have ended by itself after the last line
    const Outcome resumed = run_.Train(out);
    ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
    ExpectSameRun(whole, out);
    ExpectNothingHalfWritten(out);
  }
}

TEST_P(VideoTest, TwoProcessesMakeTheWeightsAndTheScoresOfOne) {
  const std::vector<std::string> exact = {"train.precision=float64", "task.dropout=0.3"};
  const Json one = Ran(run_.Words(out_, exact));
  const std::string two = folder_.File("two");
  const Json both = Ran(run_.Words(two, {exact[0], exact[1], "--nproc", "2"}));
  EXPECT_LT(LargestDifference(out_ + "/last.safetensors", two + "/last.safetensors"), 1e-9);
  EXPECT_LT(LargestDifference(out_ + "/last_ema.safetensors", two + "/last_ema.safetensors"), 1e-9);
  for (const char* name : {"top1", "top5", "mean_class_accuracy"}) {
    EXPECT_EQ(both.at("metrics").at(name), one.at("metrics").at(name)) << name;
  }
  EXPECT_EQ(both.at("protocol"), one.at("protocol"));
}

TEST_P(VideoTest, PredictsVideosAndFoldersOfFramesWithContactSheets) {
  const Json summary = Ran(run_.Words(out_, {"train.epochs=1"}));
  EXPECT_EQ(summary.at("samples"), 4);
  const std::string drawn = folder_.File("drawn"), file = run_.DataFile("val/run/c.mp4"), frames = run_.DataFile("val/sit/b");
  const std::vector<std::string> predict = {"predict", out_, "--json", "--quiet", "--device", "cpu", "--threads", "1"};
  const auto words = [&](const std::vector<std::string>& more) {
    std::vector<std::string> all = predict;
    all.insert(all.end(), more.begin(), more.end());
    return all;
  };
  const Json found = Ran(words({file, frames, "--out", drawn}));
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].at("file"), file);
  EXPECT_EQ(found[0].at("sheet"), drawn + "/c.png");
  EXPECT_EQ(found[1].at("sheet"), drawn + "/b.png");
  for (const Json& one : found) {
    ASSERT_EQ(one.at("top").size(), 3U);
    double sum = 0;
    for (const Json& score : one.at("top")) sum += score.at("probability").get<double>();
    EXPECT_NEAR(sum, 1, 1e-5);
  }
  const bool tsn = GetParam() == VideoNetwork::kTsn;
  EXPECT_GE(data::ReadImage(drawn + "/c.png").width, (tsn ? 3 : 4) * 96) << "as many frames as the protocol looks at";

  // Without --out the same classes and no picture; a folder stands for the videos in it; other views, other means.
  const Json plain = Ran(words({run_.DataFile("val/sit")}));
  ASSERT_EQ(plain.size(), 2U);
  EXPECT_FALSE(plain[0].contains("sheet"));
  EXPECT_EQ(plain[0].at("top"), found[1].at("top"));
  const Json views = Ran(
      words({file, "--out", drawn, tsn ? "data.validate.protocol=tsn-25x10" : "data.validate.protocol=3d-10x3", "task.views_per_pass=7"}));
  EXPECT_NE(views[0].at("top"), found[0].at("top"));
  EXPECT_GE(data::ReadImage(drawn + "/c.png").height, (tsn ? 4 : 10) * 64) << "rows of eight frames, or a row a clip";
}

INSTANTIATE_TEST_SUITE_P(Videos, VideoTest, testing::Values(VideoNetwork::kTsn, VideoNetwork::kClips),
                         [](const auto& network) { return network.param == VideoNetwork::kTsn ? "Tsn" : "Clips"; });

TEST(VideoPredictionTest, ABrokenVideoIsNamed) {
  const VideoRun run(VideoNetwork::kClips);
  const TemporaryFolder folder;
  const std::string out = folder.File("run"), broken = folder.Write("broken.mp4", "no video"), drawn = folder.File("drawn");
  const Outcome trained = run.Train(out, {"train.epochs=1"});
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
  const std::string good = run.DataFile("val/run/c.mp4");
  ExpectOneLine(Deepmad({"predict", out, good, broken, "--out", drawn, "--quiet", "--device", "cpu"}), 1, {"broken.mp4"});
  EXPECT_TRUE(fs::exists(drawn + "/c.png")) << "what came before is kept";
  ExpectOneLine(Deepmad({"predict", out, folder.File("absent.mp4"), "--quiet"}), 2, {"no such file or folder", "give videos"});
  ExpectOneLine(Deepmad({"predict", out, good, run.DataFile("train/run/c.mp4"), "--out", drawn, "--quiet"}), 2, {"two files of one name"});
  ExpectOneLine(Deepmad({"predict", out, good, "--quiet", "data={image_size: 32}"}), 2,
                {"network 'small-clips' takes videos", "data.input"});
  ExpectOneLine(Deepmad({"predict", out, good, "--quiet", "data.clip={sampling: sparse}"}), 2, {"takes clips, the data are single frames"});

  // A 3-D network file alone: clips from the middle at its own size.
  const Json found =
      Ran({"predict", out + "/network.yaml", "--weights", out + "/last.safetensors", good, "--json", "--quiet", "--device", "cpu"});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].at("top")[0].at("name").get<std::string>().find("class"), std::string::npos) << "names come with the weights";
}

}  // namespace
}  // namespace deepmad::cli
