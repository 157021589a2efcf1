#include "train/state/checkpoint.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/scalar_tensor.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/atomic_file.h"
#include "base/error.h"
#include "models/weights/safetensors.h"

namespace deepmad::train {
namespace {

class CheckpointTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "/checkpoint_test_" + testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(folder_);
    base::CreateFolder(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string File(const std::string& name) const { return folder_ + "/" + name; }

  // Changes one byte near the end, where the tensors are.
  void Damage(const std::string& path) const {
    std::string content = base::ReadFile(path);
    content[content.size() - 3] ^= 1;
    base::WriteFileAtomically(path, content);
  }

  std::string folder_;
};

Checkpoint Example(int64_t step) {
  Checkpoint checkpoint;
  checkpoint.tensors = {{"model.w", at::arange(24, at::kFloat).reshape({2, 3, 2, 2}).contiguous(at::MemoryFormat::ChannelsLast)},
                        {"optimizer.steps", at::scalar_tensor(step, at::kLong)}};
  checkpoint.state = {{"step", step}, {"loss", 0.1}, {"name", "a \"quoted\" name"}};
  return checkpoint;
}

TEST_F(CheckpointTest, HoldsTensorsAndStateExactly) {
  SaveCheckpoint(File("a.safetensors"), Example(7));
  const Checkpoint loaded = LoadCheckpoint(File("a.safetensors"));
  EXPECT_EQ(loaded.state, Example(7).state);
  ASSERT_EQ(loaded.tensors.size(), 2U);
  EXPECT_EQ(loaded.tensors[0].first, "model.w");
  EXPECT_TRUE(loaded.tensors[0].second.equal(Example(7).tensors[0].second));
  EXPECT_EQ(loaded.tensors[1].second.item<int64_t>(), 7);
}

TEST_F(CheckpointTest, OneChangedByteIsNoticed) {
  SaveCheckpoint(File("a.safetensors"), Example(7));
  Damage(File("a.safetensors"));
  try {
    LoadCheckpoint(File("a.safetensors"));
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), base::ErrorKind::kFailed);
    EXPECT_EQ(error.where(), File("a.safetensors"));
  }
}

// Either it is noticed, or it was padding and the content is the same.
TEST_F(CheckpointTest, AnyFlippedBitAnywhereIsNoticed) {
  SaveCheckpoint(File("a.safetensors"), Example(7));
  const std::string whole = base::ReadFile(File("a.safetensors"));
  int harmless = 0;
  for (size_t bit = 0; bit < 8 * whole.size(); ++bit) {
    std::string damaged = whole;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ 1 << bit % 8);
    std::ofstream(File("a.safetensors"), std::ios::binary) << damaged;
    try {
      const Checkpoint loaded = LoadCheckpoint(File("a.safetensors"));
      ++harmless;
      EXPECT_EQ(loaded.state, Example(7).state);
      ASSERT_EQ(loaded.tensors.size(), 2U) << bit;
      for (size_t i = 0; i < 2; ++i) {
        EXPECT_EQ(loaded.tensors[i].first, Example(7).tensors[i].first) << bit;
        EXPECT_TRUE(loaded.tensors[i].second.equal(Example(7).tensors[i].second)) << bit;
      }
    } catch (const base::Error& error) {
      EXPECT_EQ(error.kind(), base::ErrorKind::kFailed);
    }
  }
  EXPECT_LT(harmless, 64);
}

TEST_F(CheckpointTest, WeightsAreNoCheckpoint) {
  models::WriteSafetensors(File("w.safetensors"), Example(0).tensors);
  EXPECT_THROW(LoadCheckpoint(File("w.safetensors")), base::Error);
}

TEST_F(CheckpointTest, AnotherVersionIsNamed) {
  models::WriteSafetensors(File("w.safetensors"), Example(0).tensors, {{"deepmad_checkpoint", "1"}, {"state", "{}"}});
  try {
    LoadCheckpoint(File("w.safetensors"));
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_NE(std::string(error.what()).find("version 1, known is 3"), std::string::npos) << error.what();
  }
}

TEST_F(CheckpointTest, KeepsTheLastTwo) {
  const CheckpointFolder checkpoints(File("checkpoints"));
  EXPECT_TRUE(checkpoints.empty());
  EXPECT_FALSE(checkpoints.LoadNewest().has_value());
  for (const int64_t step : {9, 10, 100}) checkpoints.Save(step, Example(step));
  EXPECT_FALSE(std::filesystem::exists(File("checkpoints/step-00000009.safetensors")));
  EXPECT_TRUE(std::filesystem::exists(File("checkpoints/step-00000010.safetensors")));
  EXPECT_EQ(checkpoints.LoadNewest()->checkpoint.state.at("step"), 100);
}

TEST_F(CheckpointTest, ABrokenOneIsNamedAndTheOneBeforeTaken) {
  const CheckpointFolder checkpoints(File("checkpoints"));
  for (const int64_t step : {10, 20}) checkpoints.Save(step, Example(step));
  Damage(File("checkpoints/step-00000020.safetensors"));
  testing::internal::CaptureStderr();
  const std::optional<CheckpointFolder::Newest> newest = checkpoints.LoadNewest();
  const std::string warning = testing::internal::GetCapturedStderr();
  EXPECT_EQ(newest->checkpoint.state.at("step"), 10);
  EXPECT_EQ(newest->path, File("checkpoints/step-00000010.safetensors"));
  EXPECT_NE(warning.find("step-00000020.safetensors"), std::string::npos) << warning;
  EXPECT_NE(warning.find("going on from step-00000010.safetensors"), std::string::npos) << warning;
}

TEST_F(CheckpointTest, WithAllBrokenNothingIsMadeUp) {
  const CheckpointFolder checkpoints(File("checkpoints"));
  checkpoints.Save(10, Example(10));
  std::filesystem::resize_file(File("checkpoints/step-00000010.safetensors"), 40);
  try {
    checkpoints.LoadNewest();
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_NE(std::string(error.what()).find("step-00000010.safetensors"), std::string::npos) << error.what();
  }
}

TEST_F(CheckpointTest, IsNotMadeWhereTheFolderAboveIsGone) {
  const CheckpointFolder checkpoints(File("run/checkpoints"));
  EXPECT_THROW(checkpoints.Save(10, Example(10)), base::Error);
  EXPECT_FALSE(std::filesystem::exists(File("run")));
}

TEST_F(CheckpointTest, DigestIsCrc32) {
  EXPECT_EQ(Digest("123456789"), "cbf43926");  // the check value of CRC-32
}

}  // namespace
}  // namespace deepmad::train
