#include "data/datasets/coco_selection.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/data/pictures.h"

namespace deepmad::data {
namespace {

CocoAnnotations SmallFile() {
  CocoAnnotations file;
  file.images = {{1, 100, 80, "a.jpg"}, {2, 200, 31, "low.jpg"}, {3, 64, 64, "bare.jpg"}, {4, 64, 64, "dropped.jpg"}};
  file.categories = {{3, "dog"}, {7, "cat"}};
  const auto add = [&](int64_t image, int64_t category, std::array<double, 4> box, double area, bool crowd = false) {
    file.annotations.push_back({static_cast<int64_t>(file.annotations.size()), image, category, box, area, crowd});
  };
  add(1, 7, {10.5, 20, 30, 40}, 900);
  add(1, 3, {-5, -5, 6, 6}, 20);      // one pixel inside
  add(1, 3, {-5, -5, 5, 6}, 20);      // ends on the edge
  add(1, 3, {100, 0, 10, 10}, 20);    // begins on it
  add(1, 3, {10, 10, 0.99, 10}, 20);  // thin
  add(1, 3, {10, 10, 10, -1}, 20);    // negative
  add(1, 3, {10, 10, 1, 1}, 0);       // no mask
  add(1, 7, {0, 0, 100, 80}, 8000, true);
  add(2, 3, {0, 0, 20, 20}, 400);
  add(4, 3, {0, 0, 20, 0.5}, 400);
  return file;
}

TEST(CocoSetSelection, TrainingDropsWhatCannotBeLearntFromAndCountsIt) {
  const CocoSet set = SelectCoco(SmallFile(), Split::kTrain, "a.json");
  ASSERT_EQ(set.pictures.size(), 2u);
  const CocoPicture& first = set.pictures[0];
  EXPECT_EQ(std::tuple(first.image_id, first.width, first.height, first.file_name), std::tuple(1, 100, 80, "a.jpg"));
  ASSERT_EQ(first.boxes.size(), 2u);
  EXPECT_EQ(std::tuple(first.boxes[0].left, first.boxes[0].top, first.boxes[0].right, first.boxes[0].bottom, first.boxes[0].label),
            std::tuple(10.5f, 20.f, 40.5f, 60.f, 1));
  EXPECT_EQ(std::tuple(first.boxes[1].left, first.boxes[1].right, first.boxes[1].label), std::tuple(-5.f, 1.f, 0));
  ASSERT_EQ(first.crowds.size(), 1u);
  EXPECT_EQ(first.crowds[0].label, 1);
  EXPECT_EQ(set.pictures[1].image_id, 4) << "an image stays where its boxes are all dropped";
  EXPECT_TRUE(set.pictures[1].boxes.empty());
  EXPECT_EQ(set.drops.thin_boxes.size(), 3u);
  EXPECT_EQ(set.drops.outside_boxes.size(), 2u);
  EXPECT_EQ(set.drops.empty_boxes.size(), 1u);
  EXPECT_EQ(set.drops.small_images, std::vector<int64_t>{2});
  EXPECT_EQ(set.drops.objectless_images, std::vector<int64_t>{3});
  const std::vector<LeftOut> words = set.drops.Describe();
  ASSERT_EQ(words.size(), 5u);
  EXPECT_EQ(words[1].reason, "boxes outside the picture");
  EXPECT_EQ(words[1].names, (std::vector<std::string>{"annotation 2 of image 1", "annotation 3 of image 1"}));
  EXPECT_EQ(words[4].names, std::vector<std::string>{"image 3"});
  EXPECT_EQ(set.class_names, (std::vector<std::string>{"dog", "cat"}));
  EXPECT_EQ(set.category_ids, (std::vector<int64_t>{3, 7}));
}

TEST(CocoSetSelection, ValidationKeepsEveryImage) {
  const CocoSet set = SelectCoco(SmallFile(), Split::kValidation, "a.json");
  EXPECT_EQ(set.pictures.size(), 4u);
  EXPECT_TRUE(set.pictures[2].boxes.empty());
  EXPECT_EQ(set.drops.small_images.size() + set.drops.objectless_images.size(), 0u);
}

TEST(CocoSetSelection, TheSmallRealSetKeepsItsImages) {
  const char* root = std::getenv("DEEPMAD_TEST_DATA");
  if (root == nullptr) GTEST_SKIP() << "needs DEEPMAD_TEST_DATA";
  const std::string folder = std::string(root) + "/coco-mini/annotations/";
  const auto count = [](const CocoSet& set) {
    int64_t boxes = 0, crowds = 0;
    for (const CocoPicture& picture : set.pictures) {
      boxes += static_cast<int64_t>(picture.boxes.size());
      crowds += static_cast<int64_t>(picture.crowds.size());
    }
    return std::tuple(set.pictures.size(), boxes, crowds);
  };
  const std::string train = folder + "instances_train2017.json", validation = folder + "instances_val2017.json";
  EXPECT_EQ(count(SelectCoco(ReadCocoAnnotations(train), Split::kTrain, train)), std::tuple(55u, 461, 7));
  EXPECT_EQ(count(SelectCoco(ReadCocoAnnotations(validation), Split::kTrain, validation)), std::tuple(22u, 190, 4));
  EXPECT_EQ(count(SelectCoco(ReadCocoAnnotations(validation), Split::kValidation, validation)), std::tuple(24u, 190, 4));
}

TEST(CocoSetSelection, FilesThatNoDetectorCanUseAreNamed) {
  const auto failure = [](const CocoAnnotations& file) {
    try {
      SelectCoco(file, Split::kTrain, "a.json");
    } catch (const base::Error& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  CocoAnnotations file = SmallFile();
  file.images[2].file_name.clear();
  ExpectContains(failure(file), "image 3 '': no file_name: a.json");
  file = SmallFile();
  file.images[1].height = 0;
  ExpectContains(failure(file), "image 2 'low.jpg': no height");
  file = SmallFile();
  file.annotations.clear();
  ExpectContains(failure(file), "none of 4 images can be used: a.json");
  file.categories.clear();
  ExpectContains(failure(file), "no categories: a.json");
}

}  // namespace
}  // namespace deepmad::data
