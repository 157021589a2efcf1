// What training, validation and prediction say to bad weights, checkpoints, configurations and numbers: one line, the exit code of the
// contract, and nothing lost.
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/atomic_file.h"
#include "tests/cli/one_line.h"
#include "tests/cli/same_run.h"
#include "tests/cli/small_run.h"
#include "tests/cli/tensor_file.h"
#include "tests/places.h"

namespace deepmad::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr const char* kConv = "block_list.0.conv1.weight";
constexpr const char* kNan = "\x00\x00\xc0\x7f";  // a float32, little endian

std::map<std::string, std::string> Contents(const std::string& folder) {
  std::map<std::string, std::string> contents;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) contents[entry.path().string()] = base::ReadFile(entry.path().string());
  }
  return contents;
}

void FlipByte(const std::string& path, size_t from_end) {
  std::string content = base::ReadFile(path);
  content[content.size() - from_end] = static_cast<char>(content[content.size() - from_end] ^ 0x10);
  std::ofstream(path, std::ios::binary) << content;
}

void Edit(const std::string& path, const std::function<void(TensorFile&)>& change) {
  TensorFile file = ReadTensorFile(path);
  change(file);
  WriteTensorFile(path, file);
}

// One finished run for all tests of the suite.
class BadWeightsTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    shared_ = new Shared;
    ASSERT_EQ(shared_->run.Train(shared_->out, {"train.epochs=1", "data.validation_samples=32"}).exit_code, 0);
  }
  static void TearDownTestSuite() {
    delete shared_;
    shared_ = nullptr;
  }

  struct Shared {
    SmallRun run;
    TemporaryFolder folder;
    std::string out = folder.File("run");
  };
  static Shared* shared_;
};
BadWeightsTest::Shared* BadWeightsTest::shared_ = nullptr;

TEST_F(BadWeightsTest, AreNamedWithWhatIsWrong) {
  struct Case {
    const char* name;
    std::function<void(const std::string& path)> damage;
    int exit_code;
    std::vector<std::string> words;
  };
  const auto edited = [](const std::function<void(TensorFile&)>& change) {
    return [change](const std::string& path) { Edit(path, change); };
  };
  const Case cases[] = {
      {"absent", [](const std::string& path) { fs::remove(path); }, 2, {"no such weights file"}},
      {"a folder", [](const std::string& path) { fs::remove(path), fs::create_directory(path); }, 2, {"a folder without weights"}},
      {"empty", [](const std::string& path) { fs::resize_file(path, 0); }, 1, {"too short"}},
      {"cut off", [](const std::string& path) { fs::resize_file(path, fs::file_size(path) - 5); }, 1, {"cut off"}},
      {"cut off in the header", [](const std::string& path) { fs::resize_file(path, 100); }, 1, {"header"}},
      {"text", [](const std::string& path) { std::ofstream(path) << "these are no weights at all"; }, 1, {"safetensors"}},
      {"a flipped byte", [](const std::string& path) { FlipByte(path, 50); }, 1, {"damaged", "checksum"}},
      {"another shape",
       edited([](TensorFile& file) {
         file.tensors[kConv].shape = {8, 27};
       }),
       2,
       {"another shape", kConv, "[8, 27]"}},
      {"another type", edited([](TensorFile& file) { file.tensors[kConv].dtype = "I32"; }), 2, {"another shape or type", kConv}},
      {"one missing", edited([](TensorFile& file) { file.tensors.erase(kConv); }), 2, {"1 missing", kConv}},
      {"one too many",
       edited([](TensorFile& file) {
         file.tensors["extra"] = {"F32", {1}, std::string(4, '\0')};
       }),
       2,
       {"unexpected: extra"}},
      {"not finite", edited([](TensorFile& file) { file.tensors[kConv].bytes.replace(8, 4, kNan, 4); }), 1, {"not finite", kConv}},
      {"a checkpoint",
       [](const std::string& path) {
         fs::copy_file(shared_->out + "/checkpoints/step-00000006.safetensors", path, fs::copy_options::overwrite_existing);
       },
       2,
       {"missing", "unexpected"}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const std::string weights = shared_->folder.File("weights.safetensors");
    fs::remove_all(weights);
    fs::copy_file(shared_->out + "/last.safetensors", weights);
    c.damage(weights);
    std::vector<std::string> words = c.words;
    words.push_back(weights);
    ExpectOneLine(Deepmad({"validate", shared_->out, "--weights", weights, "--quiet"}), c.exit_code, words);
    ExpectOneLine(Deepmad({"predict", shared_->out, shared_->out + "/curves.png", "--weights", weights, "--quiet"}), c.exit_code, words);
  }
}

TEST_F(BadWeightsTest, OfAnotherNetworkAreRefused) {
  const std::string weights = shared_->out + "/best.safetensors", picture = shared_->out + "/curves.png";
  ExpectOneLine(Deepmad({"predict", SourceFolder() + "/configs/arch/deepmad-r18.yaml", picture, "--weights", weights, "--quiet"}), 2,
                {"do not fit network 'deepmad-r18'", "missing", weights});
  std::string wider = base::ReadFile(shared_->run.network_file());
  wider.replace(wider.find("out_channels: 16"), 16, "out_channels: 24");
  const std::string network = shared_->folder.Write("wider.yaml", wider);
  ExpectOneLine(Deepmad({"predict", network, picture, "--weights", weights, "--quiet"}), 2, {"another shape", "[24"});
  ExpectOneLine(Deepmad({"predict", network, picture, "--quiet"}), 2, {"no --weights given"});
}

// A run that was killed after its second checkpoint of three, for each case anew.
class BadRunFolderTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(run_.Train(whole_).exit_code, 0);
    // The renames among the checkpoints: updates 3, 6, 6 again after the epoch, 9, and 12, where it ends.
    ASSERT_EQ(run_.Train(original_, {},
                         {"LD_PRELOAD=" + FaultLibrary(), "FAULT_UNDER=" + original_ + "/checkpoints", "FAULT_CALL=rename",
                          "FAULT_ACTION=kill", "FAULT_AT=5"})
                  .exit_code,
              128 + SIGKILL);
    ASSERT_TRUE(fs::exists(original_ + Newest()));
    ASSERT_TRUE(fs::exists(original_ + Before()));
  }

  static std::string Newest() { return "/checkpoints/step-00000009.safetensors"; }
  static std::string Before() { return "/checkpoints/step-00000006.safetensors"; }

  void StartAgain() {
    fs::remove_all(out_);
    fs::copy(original_, out_, fs::copy_options::recursive);
  }

  const SmallRun run_;
  const TemporaryFolder folder_;
  const std::string whole_ = folder_.File("whole"), original_ = folder_.File("original"), out_ = folder_.File("run");
};

TEST_F(BadRunFolderTest, ABrokenCheckpointIsNamedAndTheRunGoesOnFromTheOneBefore) {
  const std::map<std::string, std::function<void(const std::string&)>> damages = {
      {"a flipped byte", [](const std::string& path) { FlipByte(path, 300); }},
      {"a flipped byte in the state", [](const std::string& path) { FlipByte(path, fs::file_size(path) - 400); }},
      {"cut off", [](const std::string& path) { fs::resize_file(path, fs::file_size(path) / 2); }},
      {"empty", [](const std::string& path) { fs::resize_file(path, 0); }},
      {"weights",
       [this](const std::string& path) { fs::copy_file(whole_ + "/last.safetensors", path, fs::copy_options::overwrite_existing); }}};
  for (const auto& [name, damage] : damages) {
    SCOPED_TRACE(name);
    StartAgain();
    damage(out_ + Newest());
    ExpectOneLine(run_.Train(out_), 0, {"warning: ", out_ + Newest(), "going on from step-00000006.safetensors"});
    ExpectSameRun(whole_, out_);
  }
}

TEST_F(BadRunFolderTest, WhatCannotBeContinuedIsSaidAndNothingIsTouched) {
  struct Case {
    const char* name;
    std::function<void()> damage;
    std::vector<std::string> overrides;
    int exit_code;
    std::vector<std::string> words;
  };
  const auto edit = [this](const std::function<void(TensorFile&)>& change) { return [=, this] { Edit(out_ + Newest(), change); }; };
  const auto without_state = [](const char* key) {
    return [key](TensorFile& file) {
      Json state = Json::parse(file.metadata.at("state"));
      state.erase(key);
      file.metadata["state"] = state.dump();
    };
  };
  const auto of_another_run = [](TensorFile& file) {
    Json state = Json::parse(file.metadata.at("state"));
    state["config_digest"] = "0";
    file.metadata["state"] = state.dump();
  };
  const std::string ema = std::string("ema.") + kConv, momentum = std::string("optimizer.momentum.") + kConv;
  const Case cases[] = {
      {"all broken",
       [this] {
         FlipByte(out_ + Newest(), 300);
         fs::resize_file(out_ + Before(), 77);
       },
       {},
       1,
       {"no checkpoint can be used", "checkpoints", "damaged"}},
      {"average of another shape",
       edit([&](TensorFile& file) {
         file.tensors[ema].shape = {27, 8};
       }),
       {},
       1,
       {"does not fit", "[27, 8]", kConv, Newest()}},
      {"average missing", edit([&](TensorFile& file) { file.tensors.erase(ema); }), {}, 1, {"does not fit", "missing", kConv, Newest()}},
      {"momentum missing", edit([&](TensorFile& file) { file.tensors.erase(momentum); }), {}, 1, {"does not fit", kConv, Newest()}},
      {"a counter missing", edit(without_state("samples")), {}, 1, {"samples", Newest()}},
      {"another configuration in it", edit(without_state("config_digest")), {}, 1, {"config_digest", Newest()}},
      {"a checkpoint of another run", edit(of_another_run), {}, 2, {"belongs to another configuration", Newest()}},
      {"another configuration", [] {}, {"train.optimizer.lr=0.5"}, 2, {"another configuration", "run"}},
      {"another seed", [] {}, {"seed=4"}, 2, {"another configuration"}},
      {"--resume never", [] {}, {"--resume", "never"}, 2, {"holds a run already"}},
      {"another network",
       [this] { std::ofstream(out_ + "/network.yaml", std::ios::app) << "# by hand\n"; },
       {},
       2,
       {"another configuration"}},
      {"a network file that is gone", [this] { fs::remove(out_ + "/network.yaml"); }, {}, 1, {"network.yaml"}},
      {"a broken summary", [this] { std::ofstream(out_ + "/summary.json") << "{\"metrics\""; }, {}, 1, {"summary.json"}},
      {"a line of the log that lacks numbers",
       [this] { std::ofstream(out_ + "/log.jsonl", std::ios::trunc) << "{\"type\":\"epoch\",\"step\":3}\n"; },
       {},
       1,
       {"log.jsonl"}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    StartAgain();
    c.damage();
    std::map<std::string, std::string> before = Contents(out_);
    std::erase_if(before, [](const auto& file) { return file.first.find(".partial-") != std::string::npos; });
    ExpectOneLine(run_.Train(out_, c.overrides), c.exit_code, c.words);
    std::map<std::string, std::string> after = Contents(out_);
    std::erase_if(after, [](const auto& file) { return file.first.find(".partial-") != std::string::npos; });
    // The logs may have been cut back to the checkpoint.
    for (const auto& [path, content] : before) {
      if (path.find("tfevents") == std::string::npos && !path.ends_with(".csv") && !path.ends_with(".jsonl")) {
        EXPECT_TRUE(after[path] == content) << path;
      }
    }
    EXPECT_EQ(after.size(), before.size());
  }
}

TEST_F(BadRunFolderTest, ALogDamagedByOthersIsCutWithAWarningAndTheWeightsAreThoseOfTheRun) {
  StartAgain();
  std::string log = base::ReadFile(out_ + "/log.jsonl");
  log[log.find('\n') + 5] = '\0';
  std::ofstream(out_ + "/log.jsonl", std::ios::binary) << log;
  const Outcome outcome = run_.Train(out_);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_NE(outcome.err.find("log.jsonl:2: unreadable"), std::string::npos) << outcome.err;
  EXPECT_TRUE(base::ReadFile(out_ + "/last.safetensors") == base::ReadFile(whole_ + "/last.safetensors"));
}

TEST(BusyFolderTest, ASecondProcessIsToldSo) {
  const SmallRun run;
  const TemporaryFolder folder;
  const std::string out = folder.File("run");
  Program first(run.Words(out, {"train.epochs=1000"}));
  while (first.Running() && !fs::exists(out + "/checkpoints")) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  ExpectOneLine(run.Train(out, {"train.epochs=1000"}), 2, {"another process is at work", out});
  first.Signal(SIGTERM);
  EXPECT_EQ(first.Wait().exit_code, 75);
}

TEST(DivergenceTest, ALossGradientOrWeightThatIsNotFiniteNamesWhatItCanAndKeepsTheLastGoodState) {
  const SmallRun run;
  const TemporaryFolder folder;
  struct Case {
    const char* name;
    const char* optimizer;
    const char* save_every;
    std::vector<std::string> words;
  };
  // Weight decay times learning rate far over one makes the weights grow by that factor in each update.
  const Case cases[] = {
      {"loss", "{name: sgd, lr: 10, weight_decay: 1, momentum: 0, nesterov: false}", "0", {"the loss is nan at step", "synthetic train#"}},
      // Which of the three is seen first depends on the last bits; a unit test of the trainer (tests/train) makes a gradient the first.
      {"any", "{name: adamw, lr: 1000, weight_decay: 10}", "4", {" step "}},
      {"weights", "{name: sgd, lr: 1000}", "2", {"the weights are no longer finite after step"}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const std::string out = folder.File(c.name);
    const std::vector<std::string> overrides = {std::string("train.optimizer=") + c.optimizer,
                                                std::string("train.checkpoint_every_steps=") + c.save_every,
                                                "train.schedule={name: constant, warmup_epochs: 1}",
                                                "data.samples=640",
                                                "train.batch_size=16",
                                                "train.precision=float32"};
    const Outcome first = run.Train(out, overrides);
    std::vector<std::string> words = c.words;
    words.push_back(out);
    words.push_back("the last checkpoint is untouched");
    ExpectOneLine(first, 1, words);
    ExpectEveryFileWhole(out);
    EXPECT_FALSE(fs::exists(out + "/last.safetensors"));
    if (c.save_every == std::string("0")) continue;
    ASSERT_TRUE(fs::exists(out + "/checkpoints"));
    for (const auto& entry : fs::directory_iterator(out + "/checkpoints")) {
      for (const auto& [name, tensor] : ReadTensorFile(entry.path().string()).tensors) {
        for (size_t i = 0; tensor.dtype == "F32" && i < tensor.bytes.size(); i += 4) {
          ASSERT_FALSE((tensor.bytes[i + 3] & 0x7f) == 0x7f && (tensor.bytes[i + 2] & 0x80) != 0) << name;  // all bits of the exponent
        }
      }
    }
    // The same from there: it loads, and ends in the same way.
    ExpectOneLine(run.Train(out, overrides), 1, words);
  }
}

TEST(MismatchTest, NetworkDataAndConfigurationThatDoNotFitAreNamed) {
  const SmallRun run;
  const TemporaryFolder folder;
  struct Case {
    const char* override;
    int exit_code;
    std::vector<std::string> words;
  };
  const Case cases[] = {
      {"data.classes=5", 2, {"4 classes, the data 5", "head.classes"}},
      {"data.channels=1", 2, {"3 channels, the data gives 1", "data.channels"}},
      {"train.batch_size=1000", 2, {"1000"}},
      {"network=none.yaml", 2, {"none.yaml"}},
      {"network=null", 2, {"neither `design` nor `network`"}},
      {"network.blocks.0.out_channels=9", 2, {"network"}},
      {"train.schedule.warmup_epochs=3", 2, {"warmup_epochs"}},
      {"train.precision=float8", 2, {"float8", "bfloat16"}},
      {"train.optimizer.lr=-1", 2, {"train.optimizer.lr", "-1"}},
      {"task.mixup=-1", 2, {"mixup"}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.override);
    ExpectOneLine(run.Train(folder.File("out"), {c.override}), c.exit_code, c.words);
    EXPECT_FALSE(fs::exists(folder.File("out")));
  }
}

}  // namespace
}  // namespace deepmad::cli
