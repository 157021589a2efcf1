#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "data/dataset/dataset.h"
#include "data/dataset/dataset_check.h"
#include "tests/data/miniatures.h"

namespace deepmad::data {
namespace {

std::unique_ptr<Dataset> Open(const std::string& root, Split split, const std::string& keys = "") {
  return DatasetRegistry::Get().Create("kinetics", base::Config::FromText("root: " + root + "\n" + keys), split);
}

std::string OpeningError(base::ErrorKind kind, const std::string& root, const std::string& keys = "") {
  return ErrorOf(kind, [&] { Open(root, Split::kTrain, keys); });
}

TEST(Kinetics, ReadsListsOfFilesAndOfFolders) {
  const TemporaryFolder folder;
  MakeKineticsMiniature(folder);
  const auto train = Open(folder.path(), Split::kTrain);
  ASSERT_EQ(train->size(), 2);
  EXPECT_EQ(train->class_names(), (std::vector<std::string>{"class 0", "class 1"}));
  EXPECT_EQ(train->source(1), folder.path() + "/train/sit/b");
  EXPECT_EQ(train->Get(0).video->count(), 6);
  EXPECT_EQ(Open(folder.path(), Split::kValidation)->Get(1).video->count(), 4);
}

TEST(Kinetics, ReadsTheCsvOfKinetics) {
  const TemporaryFolder folder;
  MakeKineticsMiniature(folder);
  const std::string header = "label,youtube_id,time_start,time_end,split\n";
  for (const char* split : {"train", "val"}) {
    base::CreateFolder(folder.path() + "/" + split + "/playing_ball,_fast");
    WriteVideo({.encoder = "mpeg4", .frames = 3, .b_frames = 0},
               folder.path() + "/" + split + "/playing_ball,_fast/-abc_EFG_1x_000007_000017.mp4");
    folder.Write(std::string(split) + ".csv",
                 header + "\"playing ball, fast\",-abc_EFG_1x,7,17," + split + "\n" + "abseiling,unavailable1,3,13,x\n");
  }
  const std::string keys = "train_list: " + folder.path() + "/train.csv\nvalidation_list: " + folder.path() + "/val.csv\n";
  const auto train = Open(folder.path(), Split::kTrain, keys);
  ASSERT_EQ(train->size(), 1);
  EXPECT_EQ(train->class_names(), (std::vector<std::string>{"abseiling", "playing ball, fast"}));
  EXPECT_EQ(train->label(0), 1);
  EXPECT_EQ(train->missing(), (std::vector<std::string>{folder.path() + "/train/abseiling/unavailable1_000003_000013"}));
  folder.Write("names.txt", "playing ball, fast\nabseiling\nyoga\n");
  const auto named = Open(folder.path(), Split::kTrain, keys + "classes: " + folder.path() + "/names.txt\n");
  EXPECT_EQ(named->class_names().size(), 3U);
  EXPECT_EQ(named->label(0), 0);
  folder.Write("names.txt", "yoga\n");
  ExpectContains(OpeningError(base::ErrorKind::kFailed, folder.path(), keys + "classes: " + folder.path() + "/names.txt\n"),
                 "class 'playing ball, fast' is not among the 1 of the data: " + folder.path() + "/train.csv:2");
}

TEST(Kinetics, ListsMissingVideosAndLeavesOutThoseThatAreNamed) {
  const TemporaryFolder folder;
  MakeKineticsMiniature(folder);
  folder.Write("train_list_videos.txt", "run/a.mp4 0\nrun/gone.mp4 1\nsit/b 1\nrun/with a blank.mp4   0\n");
  testing::internal::CaptureStderr();
  const auto train = Open(folder.path(), Split::kTrain);
  const std::string warning = testing::internal::GetCapturedStderr();
  ExpectContains(
      warning, "2 of 4 videos found; missing: " + folder.path() + "/train/run/gone.mp4, " + folder.path() + "/train/run/with a blank.mp4");
  EXPECT_EQ(train->size(), 2);
  const CheckResult result = CheckDataset(*train, 1);
  EXPECT_EQ(result.missing.size(), 2U);
  EXPECT_TRUE(result.broken.empty());
  folder.Write("bad.txt", folder.path() + "/train/run/a.mp4\n");
  testing::internal::CaptureStderr();
  EXPECT_EQ(Open(folder.path(), Split::kTrain, "leave_out: " + folder.path() + "/bad.txt")->size(), 1);
  ExpectContains(testing::internal::GetCapturedStderr(), ", 1 left out");
}

TEST(Kinetics, CountsBrokenVideosByNameWithAllTheirFramesDecoded) {
  const TemporaryFolder folder;
  MakeKineticsMiniature(folder);
  WriteVideo({.muxing = {{"movflags", "faststart"}}}, folder.path() + "/train/run/c.mp4");
  std::string bytes = base::ReadFile(folder.path() + "/train/run/c.mp4");
  folder.Write("train/run/cut.mp4", bytes.substr(0, bytes.size() - 500));
  for (size_t i = bytes.size() - 3000; i < bytes.size() - 10; i += 7) bytes[i] = static_cast<char>(bytes[i] ^ 0x5a);
  folder.Write("train/run/c.mp4", bytes);
  folder.Write("train/run/empty.mp4", "");
  folder.Write("train/sit/d/img_00001.jpg", EncodeJpeg(SmoothPicture(20, 30, 3)));
  folder.Write("train/sit/d/img_00002.jpg", "no picture");
  folder.Write("train_list_videos.txt", "run/a.mp4 0\nrun/c.mp4 0\nrun/cut.mp4 1\nrun/empty.mp4 1\nsit/d 1\n");
  const auto train = Open(folder.path(), Split::kTrain);
  const CheckResult result = CheckDataset(*train, 2);
  EXPECT_EQ(result.samples, 5);
  EXPECT_EQ(result.class_counts, (std::vector<int64_t>{2, 3}));
  ASSERT_EQ(result.broken.size(), 4U);
  EXPECT_EQ(result.broken[0].source, folder.path() + "/train/run/c.mp4");
  ExpectContains(result.broken[0].reason, "damaged video");
  ExpectContains(result.broken[1].reason, "ends in the middle");
  ExpectContains(result.broken[2].reason, "an empty file");
  ExpectContains(result.broken[3].reason, "img_00002.jpg");
  EXPECT_EQ(result.max_width, 96);
}

TEST(Kinetics, NamesTheLineOfAListThatIsWrong) {
  const TemporaryFolder folder;
  MakeKineticsMiniature(folder);
  const auto error = [&](const std::string& list, base::ErrorKind kind = base::ErrorKind::kFailed) {
    folder.Write("train_list_videos.txt", list);
    return OpeningError(kind, folder.path());
  };
  const std::string file = folder.path() + "/train_list_videos.txt";
  ExpectContains(error("run/a.mp4 0\nalone\n"), "not a path and a label: " + file + ":2");
  ExpectContains(error("run/a.mp4 x\n"), "'x' is no label: " + file + ":1");
  ExpectContains(error("run/a.mp4 -1\n"), "'-1' is no label");
  ExpectContains(error("run/a.mp4 0\nrun/a.mp4 1\n"), "a second line of 'run/a.mp4': " + file + ":2");
  ExpectContains(error("../a.mp4 0\n"), "leaves the folder of the videos");
  ExpectContains(error("/a.mp4 0\n"), "leaves the folder of the videos");
  ExpectContains(error(""), "a list without videos: " + file);
  ExpectContains(error("label,youtube_id,time_start\n"), "without the column 'time_end': " + file + ":1");
  ExpectContains(error("label,youtube_id,time_start,time_end\nyoga,abc,1\n"), "a line with too few fields: " + file + ":2");
  ExpectContains(error("label,youtube_id,time_start,time_end\nyoga,abc,a,3\n"), "'a' is no time in seconds");
  ExpectContains(error("label,youtube_id,time_start,time_end\nyoga,abc,1,3\n", base::ErrorKind::kUsage),
                 "names of classes, the other numbers");
  ExpectContains(error("run/gone.mp4 0\n", base::ErrorKind::kUsage),
                 "none of the 1 videos of the list is there: " + folder.path() + "/train");
  folder.Write("classes.txt", "one\n");
  ExpectContains(error("run/a.mp4 0\nsit/b 1\n"), "label 1 of 1 classes (they start at 0): " + file + ":2");
}

TEST(Kinetics, SaysWhichListIsAbsent) {
  const TemporaryFolder folder;
  ExpectContains(OpeningError(base::ErrorKind::kUsage, folder.path()), "neither train_list_videos.txt nor train.csv");
  ExpectContains(OpeningError(base::ErrorKind::kUsage, folder.path(), "train_list: none.txt\nvalidation_list: none.txt"),
                 "no such list of videos: ");
  MakeKineticsMiniature(folder);
  ExpectContains(OpeningError(base::ErrorKind::kUsage, folder.path(), "leave_out: none.txt"), "no such list of videos to leave out");
}

TEST(Kinetics, ReadsTheMiniatureOfKineticsByListsAndByCsvAlike) {
  const char* data = std::getenv("DEEPMAD_TEST_DATA");
  if (data == nullptr) GTEST_SKIP() << "DEEPMAD_TEST_DATA is not set";
  const std::string root = std::string(data) + "/kinetics-mini";
  for (const Split split : {Split::kTrain, Split::kValidation}) {
    const auto listed = Open(root, split);
    const auto from_csv = Open(root, split, "train_list: " + root + "/train.csv\nvalidation_list: " + root + "/val.csv\n");
    ASSERT_EQ(listed->size(), split == Split::kTrain ? 37 : 17);
    ASSERT_EQ(from_csv->size(), listed->size());
    EXPECT_EQ(listed->class_names().size(), 11U);
    for (int64_t i = 0; i < listed->size(); ++i) {
      EXPECT_EQ(from_csv->source(i), listed->source(i));
      EXPECT_EQ(from_csv->label(i), listed->label(i));
    }
    EXPECT_TRUE(listed->missing().empty());
  }
}

}  // namespace
}  // namespace deepmad::data
