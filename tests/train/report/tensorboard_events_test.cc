#include "train/report/tensorboard_events.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/atomic_file.h"
#include "base/error.h"
#include "tests/temporary_folder.h"
#include "train/report/tf_record.h"

namespace deepmad::train {
namespace {

TEST(TensorboardEvents, ScalarsComeBackByTagAndStep) {
  const TemporaryFolder folder;
  const std::string path = folder.File("events.out.tfevents.1");
  TensorboardEvents(path).Add(10, {{"train/loss", 1.5}, {"lr", 0.25}}, 1000.5);
  TensorboardEvents(path).Add(20, {{"train/loss", 1.25}}, 1001);
  const std::vector<TensorboardScalar> scalars = ReadTensorboardScalars(path);
  ASSERT_EQ(scalars.size(), 3u);
  EXPECT_EQ(scalars[1].tag, "lr");
  EXPECT_EQ(scalars[1].step, 10);
  EXPECT_EQ(scalars[1].value, 0.25f);
  EXPECT_EQ(scalars[1].wall_time, 1000.5);
  EXPECT_EQ(scalars[2].step, 20);
}

// The bytes of the first two events as the format defines them: field 1 (double), 3 (version), 2 (step), 5 (summary) {1 {1 tag, 2 float}}.
TEST(TensorboardEvents, TheBytesAreThoseOfThePublicFormat) {
  const TemporaryFolder folder;
  const std::string path = folder.File("tfevents");
  TensorboardEvents(path).Add(7, {{"a", 1.0}}, 2.0);
  const std::string content = base::ReadFile(path);
  const std::vector<std::string_view> records = UnframeRecords(content);
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].substr(9),
            "\x1a\x0d"
            "brain.Event:2");
  EXPECT_EQ(records[1], std::string("\x09\0\0\0\0\0\0\0\x40\x10\x07\x2a\x0a\x0a\x08\x0a\x01"
                                    "a\x15\0\0\x80\x3f",
                                    23));
}

TEST(TensorboardEvents, CutKeepsWhatIsAskedAndWritingGoesOn) {
  const TemporaryFolder folder;
  const std::string path = folder.File("tfevents");
  {
    TensorboardEvents events(path);
    for (int64_t step = 1; step <= 5; ++step) events.Add(step, {{"loss", 0.5 * static_cast<double>(step)}, {"top1", 0.1}});
  }
  CutTensorboardEvents(path, [](int64_t step, const std::string& tag) { return step <= (tag == "loss" ? 3 : 2); });
  TensorboardEvents(path).Add(4, {{"loss", 9}});
  std::vector<int64_t> loss_steps, top1_steps;
  for (const TensorboardScalar& s : ReadTensorboardScalars(path)) (s.tag == "loss" ? loss_steps : top1_steps).push_back(s.step);
  EXPECT_EQ(loss_steps, (std::vector<int64_t>{1, 2, 3, 4}));
  EXPECT_EQ(top1_steps, (std::vector<int64_t>{1, 2}));
}

TEST(TensorboardEvents, CutDropsATornEnd) {
  const TemporaryFolder folder;
  const std::string path = folder.File("tfevents");
  TensorboardEvents(path).Add(1, {{"loss", 1}});
  const std::string whole = base::ReadFile(path);
  for (size_t size = 0; size <= whole.size(); ++size) {
    base::WriteFileAtomically(path, whole.substr(0, size));
    CutTensorboardEvents(path, [](int64_t, const std::string&) { return true; });
    TensorboardEvents(path).Add(2, {{"loss", 2}});
    EXPECT_EQ(ReadTensorboardScalars(path).back().step, 2) << size;
  }
}

TEST(TensorboardEvents, CuttingAnAbsentFileDoesNothing) {
  const TemporaryFolder folder;
  CutTensorboardEvents(folder.File("none"), [](int64_t, const std::string&) { return true; });
  EXPECT_FALSE(std::filesystem::exists(folder.File("none")));
}

TEST(TensorboardEvents, AnotherKindOfFileIsRefusedAndKept) {
  const TemporaryFolder folder;
  const std::string text(100, 'x');
  const std::string path = folder.Write("tfevents", text);
  EXPECT_THROW(CutTensorboardEvents(path, [](int64_t, const std::string&) { return true; }), base::Error);
  EXPECT_EQ(base::ReadFile(path), text);
  base::WriteFileAtomically(path, FrameRecord(text));
  EXPECT_THROW(ReadTensorboardScalars(path), base::Error);
  base::WriteFileAtomically(path, FrameRecord("\x1a\x7f" + text));  // a version that is longer than its record
  EXPECT_THROW(ReadTensorboardScalars(path), base::Error);
}

TEST(TensorboardEvents, AMissingFolderIsNamed) {
  try {
    TensorboardEvents("/nonexistent/tfevents");
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.where(), "/nonexistent/tfevents");
  }
}

}  // namespace
}  // namespace deepmad::train
