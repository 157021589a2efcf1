// What bad files and values get from the program itself: one clear line on stderr, the exit code of the contract, and no run folder.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "tests/cli/program.h"
#include "tests/temporary_folder.h"

namespace deepmad::cli {
namespace {

namespace fs = std::filesystem;

constexpr char kProblem[] = R"(version: 1
name: small
input: {channels: 1, height: 28, width: 28}
stages:
  - {type: bottleneck, stride: 2, kernel: 3, depth: [1, 2], out_channels: [8, 64], bottleneck_channels: [8, 64]}
budgets: {flops: 1.0e+6, params: 2.0e+4, effectiveness: 1}
head: {classes: 10}
)";

constexpr char kNetwork[] = R"(version: 1
name: given
input: {channels: 3, height: 16, width: 16}
blocks:
  - {type: conv, stride: 2, out_channels: 8}
  - {type: basic, depth: 1, stride: 2, bottleneck_channels: 8, out_channels: 16}
head: {classes: 4}
)";

constexpr char kRun[] = R"(version: 1
network: network.yaml
task: {name: classification}
data: {name: synthetic, image_size: 16, classes: 4, height: 20, width: 18, samples: 32, validation_samples: 8, workers: 0}
train: {epochs: 1, batch_size: 16}
)";

class BadInput : public testing::Test {
 protected:
  void SetUp() override {
    problem_ = folder_.Write("problem.yaml", kProblem);
    network_ = folder_.Write("network.yaml", kNetwork);
    run_ = folder_.Write("run.yaml", kRun);
  }

  // The program with --out, if the command has it; it must leave nothing there.
  void ExpectRefusal(const std::vector<std::string>& arguments, int exit_code, const std::vector<std::string>& words) {
    std::vector<std::string> all = arguments;
    const std::string out = folder_.File("out");
    if (arguments[0] == "run" || arguments[0] == "train" || arguments[0] == "design") all.insert(all.end(), {"--out", out, "--quiet"});
    const Outcome outcome = Deepmad(all);
    EXPECT_EQ(outcome.exit_code, exit_code) << outcome.err;
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    EXPECT_LT(outcome.err.size(), 1000u);
    for (const std::string& word : words) EXPECT_NE(outcome.err.find(word), std::string::npos) << "'" << word << "' in " << outcome.err;
    EXPECT_FALSE(fs::exists(out)) << "a run folder was made";
  }

  struct Override {
    std::string assignment;
    std::vector<std::string> words;
  };
  void ExpectEachRefused(const std::string& command, const std::string& file, const std::vector<Override>& cases) {
    for (const Override& c : cases) {
      SCOPED_TRACE(c.assignment);
      ExpectRefusal({command, file, c.assignment}, 2, c.words);
    }
  }

  TemporaryFolder folder_;
  std::string problem_, network_, run_;
};

TEST_F(BadInput, FilesThatAreNoConfiguration) {
  const struct {
    const char* name;
    std::string content;
    const char* words;
  } cases[] = {
      {"empty", "", "expected a mapping"},
      {"a picture", std::string("\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16), "UTF-8"},
      {"an open bracket", "version: 1\nstages: [\n", "not valid YAML"},
      {"an open quote", "version: 1\nname: \"x\n", "a quote is not closed"},
      {"a key twice", "version: 1\nversion: 1\n", "duplicate key 'version'"},
      {"a cycle of includes", "include: broken.yaml\n", "a cycle of includes"},
      {"an include that is absent", "include: absent.yaml\n", "absent.yaml"},
      {"nested without end", "a: " + std::string(100000, '['), "nested more than 100 levels"},
      {"too large", "# " + std::string(600000, '-') + "\n" + kProblem, "larger than 524288 bytes"},
      {"a version to come", "version: 2\n", "version 2"},
      {"another kind of file", kNetwork, "0 stages"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const std::string file = folder_.Write("broken.yaml", c.content);
    ExpectRefusal({"design", file}, 2, {c.words, "broken.yaml"});
  }
  ExpectRefusal({"design", folder_.path()}, 2, {folder_.path()});
  ExpectRefusal({"design", "/proc/self/mem"}, 2, {"/proc/self/mem", "Input/output error"});
}

TEST_F(BadInput, ValuesOfAProblem) {  // the whole table: tests/mad/problem/problem_input_test.cc
  ExpectEachRefused("design", problem_,
                    {{"budgets.flops=abc", {"budgets.flops", "a number", "'abc'"}}, {"solver.name=nlop", {"did you mean 'nlopt'"}}});
}

TEST_F(BadInput, ValuesOfARun) {
  ExpectEachRefused("run", run_,
                    {{"network=absent.yaml", {"absent.yaml"}},
                     {"design={}", {"both `design` and `network`"}},
                     {"task.name=clasification", {"did you mean 'classification'"}},
                     {"data.name=synthetik", {"did you mean 'synthetic'"}},
                     {"data.classes=5", {"4 classes, the data 5", "head.classes"}},
                     {"data.channels=1", {"takes 3 channels"}},
                     {"data.image_size=null", {"data.image_size"}},
                     {"train.batch_size=many", {"train.batch_size", "'many'"}},
                     {"train.optimizer={name: sgdd}", {"did you mean 'sgd'"}},
                     {"train.optimizer={name: sgd, nesterov: true, momentum: 0}", {"nesterov needs a momentum"}},
                     {"train.optimizer={name: adamw, betas: [0.9]}", {"betas wants two numbers"}},
                     {"train.schedule={warmup_epochs: 5}", {"warm-up is as long as the run"}},
                     {"train.precision=fp8", {"fp8"}},
                     {"train.epohcs=3", {"unknown key 'train.epohcs'", "did you mean"}}});
}

TEST_F(BadInput, OverridesThatAreNone) {
  ExpectRefusal({"run", run_, "a..b=1"}, 2, {"not an override", "a..b=1"});
  ExpectRefusal({"run", run_, "train.epochs.deep=1"}, 2, {"train.epochs"});
  ExpectRefusal({"run", run_, "train=}"}, 2, {"train=}"});
  ExpectRefusal({"run", run_, "train=[\"x"}, 2, {"a quote is not closed"});
  ExpectRefusal({"run", run_, "train=\"x"}, 2, {"train: expected a mapping, got '\"x'"});
}

TEST_F(BadInput, ArgumentsThatACommandHasNoUseFor) {
  ExpectRefusal({"inspect", network_, "blocks.0.stride=1"}, 2, {"unexpected argument 'blocks.0.stride=1'"});
  ExpectRefusal({"design", problem_, network_}, 2, {"unexpected argument", "network.yaml"});
  ExpectRefusal({"train", run_, "network=null", "design={}"}, 2, {"`train` starts from a network"});
}

TEST_F(BadInput, FoldersOfPictures) {
  const auto run_with = [&](const std::string& root) {
    return folder_.Write("pictures.yaml", "network: network.yaml\ntask: {name: classification}\ndata: {name: image_folder, root: " + root +
                                              ", image_size: 16}\n");
  };
  const struct {
    const char* name;
    std::vector<std::string> files;
    std::vector<std::string> words;
  } cases[] = {
      {"absent", {}, {"no such folder", "ROOT/train/CLASS"}},
      {"no classes", {"train/1.png", "val/a/1.png"}, {"no class folders", "train"}},
      {"an empty class", {"train/a/1.png", "train/b/.hidden", "val/a/1.png", "val/b/1.png"}, {"a class without images", "train/b"}},
      {"other classes", {"train/a/1.png", "val/b/1.png"}, {"train and val have different classes", "'a'"}},
      {"no validation", {"train/a/1.png"}, {"no such folder", "val"}},
  };
  int number = 0;
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const std::string root = "pictures" + std::to_string(number++);
    for (const std::string& file : c.files) folder_.Write(root + "/" + file, "not looked at yet");
    const std::string file = run_with(root);
    ExpectRefusal(number % 2 == 0 ? std::vector<std::string>{"data", "check", file} : std::vector<std::string>{"run", file}, 2, c.words);
  }
}

TEST_F(BadInput, PicturesToPredict) {
  fs::create_symlink("circle", folder_.File("circle"));
  fs::create_directory(folder_.File("empty"));
  ExpectRefusal({"predict", network_, folder_.File("circle"), "--weights", "w"}, 2, {"circle"});
  ExpectRefusal({"predict", network_, folder_.File("empty"), "--weights", "w"}, 2, {"an empty folder"});
  ExpectRefusal({"predict", network_, folder_.File("absent.png"), "--weights", "w"}, 2, {"no such file or folder", "absent.png"});
  ExpectRefusal({"predict", network_, run_}, 2, {"no --weights given"});
  ExpectRefusal({"predict", network_, run_, "--batch", "0"}, 2, {"--batch", "65536"});
}

}  // namespace
}  // namespace deepmad::cli
