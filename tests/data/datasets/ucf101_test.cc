#include <gtest/gtest.h>

#include "data/dataset/dataset.h"
#include "data/dataset/dataset_check.h"
#include "tests/data/miniatures.h"

namespace deepmad::data {
namespace {

std::unique_ptr<Dataset> Open(const std::string& root, Split split, const std::string& keys = "") {
  return DatasetRegistry::Get().Create("ucf101", base::Config::FromText("root: " + root + "\n" + keys), split);
}

TEST(Ucf101, ReadsTheListsOfASplitAsTheyAreGivenOut) {
  const TemporaryFolder folder;
  MakeUcf101Miniature(folder);
  const auto train = Open(folder.path(), Split::kTrain), test = Open(folder.path(), Split::kValidation);
  for (const auto& [set, frames] : {std::pair{train.get(), 6}, std::pair{test.get(), 5}}) {
    ASSERT_EQ(set->size(), 2);
    EXPECT_EQ(set->class_names(), (std::vector<std::string>{"Archery", "Biking"}));
    EXPECT_EQ(set->label(0), 0);
    EXPECT_EQ(set->label(1), 1);
    EXPECT_EQ(set->Get(1).video->count(), frames);
  }
  EXPECT_EQ(test->source(1), folder.path() + "/UCF-101/Biking/v_Biking_g01_c01.avi");

  base::CreateFolder(folder.path() + "/lists");
  folder.Write("lists/classInd.txt", "2 Archery\n1 Biking\n");
  folder.Write("lists/trainlist03.txt", "Biking/v_Biking_g01_c01.avi 1\nBiking/v_Biking_g09_c01.avi 1\n");
  testing::internal::CaptureStderr();
  const auto other = Open(folder.path(), Split::kTrain, "lists: lists\nfold: 3");
  ExpectContains(testing::internal::GetCapturedStderr(), "1 of 2 videos found; missing: ");
  ASSERT_EQ(other->size(), 1);
  EXPECT_EQ(other->label(0), 0) << "classes in the order of their numbers";
  const CheckResult checked = CheckDataset(*other, 1);
  EXPECT_TRUE(checked.broken.empty());
  EXPECT_EQ(checked.missing.size(), 1U);
}

TEST(Ucf101, NamesTheLineThatIsWrong) {
  const TemporaryFolder folder;
  MakeUcf101Miniature(folder);
  const std::string lists = folder.path() + "/ucfTrainTestlist/";
  const auto error = [&](const std::string& file, const std::string& text, base::ErrorKind kind = base::ErrorKind::kFailed) {
    const std::string before = base::ReadFile(lists + file);
    folder.Write("ucfTrainTestlist/" + file, text);
    const std::string message = ErrorOf(kind, [&] { Open(folder.path(), Split::kTrain); });
    folder.Write("ucfTrainTestlist/" + file, before);
    return message;
  };
  const std::string train = "trainlist01.txt", classes = "classInd.txt";
  ExpectContains(error(train, "Archery/v_Archery_g02_c01.avi 2\n"),
                 "label 2 of class 'Archery', whose number is 1: " + lists + train + ":1");
  ExpectContains(error(train, "Archery/v_Archery_g02_c01.avi 0\n"), "'0' is no label: UCF101's start at 1: " + lists + train + ":1");
  ExpectContains(error(train, "Archery/v_Archery_g02_c01.avi one\n"), "'one' is no label");
  ExpectContains(error(train, "v_Archery_g02_c01.avi 1\n"), "not a class and a video: " + lists + train + ":1");
  ExpectContains(error(train, "Yoga/v_Yoga_g02_c01.avi 1\n"), "class 'Yoga' is not among those of classInd.txt");
  ExpectContains(error(train, "Archery/../../a.avi 1\n"), "leaves the folder of the videos");
  ExpectContains(error(train, "Archery/gone.avi 1\n", base::ErrorKind::kUsage), "check data.root and data.videos");
  ExpectContains(error(classes, "Archery\n"), "not a number and a class: " + lists + classes + ":1");
  ExpectContains(error(classes, "x Archery\n"), "'x' is no number of a class");
  ExpectContains(error(classes, "0 Archery\n"), "they start at 1");
  ExpectContains(error(classes, "1 Archery\n1 Biking\n"), "a second class 1: " + lists + classes + ":2");
  ExpectContains(error(classes, "1 Archery\n3 Biking\n"), "no class has the number 2: " + lists + classes);
  ExpectContains(error(classes, "\n"), "a list without classes");
  ExpectContains(ErrorOf(base::ErrorKind::kUsage, [&] { Open(folder.path(), Split::kTrain, "fold: 2"); }),
                 "no such list of videos: " + lists + "trainlist02.txt");
}

}  // namespace
}  // namespace deepmad::data
