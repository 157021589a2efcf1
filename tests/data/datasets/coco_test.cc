// Pictures with boxes by annotation files; what every dataset promises is tested in dataset_contract_test.cc.
#include <gtest/gtest.h>

#include <filesystem>

#include "data/annotations/coco_annotations.h"
#include "data/dataset/dataset_check.h"
#include "data/inputs/open_datasets.h"
#include "tests/data/exif_writer.h"
#include "tests/data/miniatures.h"

namespace deepmad::data {
namespace {

class CocoDataset : public testing::Test {
 protected:
  void SetUp() override { MakeCocoMiniature(folder_); }

  base::Config Section(const std::string& more = "") const {
    return base::Config::FromText("name: coco\ninput: boxes\nroot: " + folder_.path() + "\n" + more);
  }
  std::unique_ptr<Dataset> Open(Split split, const std::string& more = "") const {
    return DatasetRegistry::Get().Create("coco", Section(more), split);
  }
  // Replaces a text of an annotation file.
  void Change(const std::string& file, const std::string& from, const std::string& to) const {
    std::string text = base::ReadFile(folder_.File(file));
    ASSERT_NE(text.find(from), std::string::npos);
    text.replace(text.find(from), from.size(), to);
    folder_.Write(file, text);
  }
  std::string Failure(const std::string& more = "") const {
    try {
      OpenDatasets(Section(more));
    } catch (const base::Error& error) {
      return error.what();
    }
    return "no error";
  }

  TemporaryFolder folder_;
};

constexpr char kTrain[] = "annotations/instances_train2017.json", kValidation[] = "annotations/instances_val2017.json";

TEST_F(CocoDataset, TrainingHasWhatCanBeLearntFromAndSaysWhatIsLeftOut) {
  const auto train = Open(Split::kTrain);
  EXPECT_EQ(train->size(), 9);
  EXPECT_EQ(train->labels(), LabelKind::kBoxes);
  EXPECT_EQ(train->groups(), (std::vector<int>{1, 0, 0, 1, 0, 0, 1, 0, 0}));
  EXPECT_EQ(train->class_ids(), (std::vector<int64_t>{3, 7, 20}));
  EXPECT_EQ(train->class_names()[2], "class 20");
  EXPECT_EQ(train->annotations(), nullptr);
  EXPECT_EQ(train->source(1), folder_.path() + "/train2017/101.png");
  const Sample sample = train->Get(1);
  EXPECT_EQ(sample.boxes->image_id, 101);
  ASSERT_EQ(sample.boxes->boxes.size(), 2u);
  EXPECT_EQ(sample.boxes->boxes[0].label, 1);
  EXPECT_EQ(std::tuple(sample.boxes->boxes[1].left, sample.boxes->boxes[1].right), std::tuple(27, 45));
  EXPECT_TRUE(train->Get(8).boxes->boxes.empty()) << "its only box is dropped, the picture stays";
  const std::vector<LeftOut> left_out = train->left_out();
  ASSERT_EQ(left_out.size(), 2u);
  EXPECT_EQ(left_out[0].names, std::vector<std::string>{"annotation 1012 of image 108"});
  EXPECT_EQ(left_out[1].names, std::vector<std::string>{"image 109"});
}

TEST_F(CocoDataset, ValidationHasEveryImageAndWhatIsScored) {
  const auto validation = Open(Split::kValidation);
  EXPECT_EQ(validation->size(), 6);
  EXPECT_TRUE(validation->left_out().empty());
  ASSERT_NE(validation->annotations(), nullptr);
  EXPECT_TRUE(validation->annotations()->annotations.back().crowd);
  EXPECT_TRUE(validation->Get(4).boxes->boxes.empty()) << "a crowd is not to be found";
}

TEST_F(CocoDataset, BoxesLieOnTheUprightPicture) {
  const Image upright = Open(Split::kTrain)->Get(1).picture.Decode();
  for (const auto& [orientation, back] : {std::pair{3, 3}, std::pair{6, 8}, std::pair{5, 5}}) {
    folder_.Write("train2017/101.png", WithExif(EncodePng(Upright(upright, back)), orientation));
    const Sample sample = Open(Split::kTrain)->Get(1);
    EXPECT_EQ(sample.picture.Decode().pixels, upright.pixels) << orientation;
    EXPECT_EQ(sample.picture.size(), sample.boxes->size);
  }
  EXPECT_EQ(CheckDataset(*Open(Split::kTrain), 1).turned, 1);
}

TEST_F(CocoDataset, ASizeThatFitsOnlyBeforeTurningNamesExif) {
  folder_.Write("train2017/101.png", WithExif(EncodePng(Image(48, 64, 3)), 6));
  ExpectContains(ErrorOf(base::ErrorKind::kFailed, [&] { Open(Split::kTrain)->Get(1); }),
                 "a picture of 48x64 pixels when turned upright as its EXIF orientation says, 64x48 in the annotations of image 101");
  folder_.Write("train2017/101.png", EncodePng(Image(64, 48, 3)));
  ExpectContains(ErrorOf(base::ErrorKind::kFailed, [&] { Open(Split::kTrain)->Get(1); }), "with their EXIF orientation");
}

TEST_F(CocoDataset, AnybodysFoldersWork) {
  std::filesystem::rename(folder_.File("train2017"), folder_.File("pictures"));
  std::filesystem::rename(folder_.File(kTrain), folder_.File("boxes.json"));
  EXPECT_EQ(Open(Split::kTrain, "train_annotations: boxes.json\ntrain_pictures: " + folder_.File("pictures"))->Get(0).boxes->image_id, 100);
}

TEST_F(CocoDataset, ACheckNamesImagesAndAnnotations) {
  std::filesystem::remove(folder_.File("train2017/102.png"));
  folder_.Write("train2017/103.png", EncodePng(Image(48, 64, 3)));
  const CheckResult result = CheckDataset(*Open(Split::kTrain), 2);
  EXPECT_EQ(result.class_counts, (std::vector<int64_t>{3, 3, 3}));
  EXPECT_EQ(result.left_out.size(), 2u);
  ASSERT_EQ(result.broken.size(), 2u);
  ExpectContains(result.broken[0].reason, "train2017/102.png");
  ExpectContains(result.broken[1].reason, "a picture of 64x48 pixels, 48x64 in the annotations of image 103");
}

TEST_F(CocoDataset, ASetThatCannotBeUsedIsNamed) {
  EXPECT_EQ(Failure(), "no error");
  ExpectContains(Failure("train_annotations: other.json"), "no such annotation file: " + folder_.File("other.json"));
  ExpectContains(Failure("train_annotations: other.json"), "check data.root and data.train_annotations");
  ExpectContains(Failure("validation_pictures: other"), "no such folder of pictures: " + folder_.File("other"));
  Change(kValidation, "class 7", "dog");
  ExpectContains(Failure(), "class 7 is 'class 7' in training and 'dog' in validation");
  Change(kTrain, "\"categories\":[", "\"categories\":[{\"id\":8,\"name\":\"cat\"},");
  ExpectContains(Failure(), "training and validation list different classes: id 8 is only in one of them (1 such in all)");
  Change(kTrain, "\"image_id\":100", "\"image_id\":99");
  ExpectContains(Failure(), "annotation 0 (id 1000, image 99): its image is not among the images");
}

TEST_F(CocoDataset, IsRefusedAsPicturesWithOneLabel) {
  const base::Config section = base::Config::FromText("name: coco\nimage_size: 32\nroot: " + folder_.path());
  try {
    OpenDatasets(section);
    FAIL();
  } catch (const base::Error& error) {
    ExpectContains(error.what(), "coco has a label for each object");
    ExpectContains(error.what(), "set data.input to boxes");
  }
}

}  // namespace
}  // namespace deepmad::data
