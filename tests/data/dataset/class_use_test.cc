#include "data/dataset/class_use.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "data/inputs/open_datasets.h"
#include "tests/data/miniatures.h"

namespace deepmad::data {
namespace {

// Labels and nothing else.
class Labels : public Dataset {
 public:
  Labels(std::vector<int64_t> labels, LabelKind kind, size_t classes) : labels_(std::move(labels)), kind_(kind) {
    for (size_t i = 0; i < classes; ++i) names_.push_back("c" + std::to_string(i));
  }
  int64_t size() const override { return static_cast<int64_t>(labels_.size()); }
  LabelKind labels() const override { return kind_; }
  Sample Get(int64_t) const override { return {}; }
  int64_t label(int64_t index) const override { return labels_[static_cast<size_t>(index)]; }
  std::string source(int64_t) const override { return ""; }
  const std::vector<std::string>& class_names() const override { return names_; }

 private:
  std::vector<int64_t> labels_;
  LabelKind kind_;
  std::vector<std::string> names_;
};

std::string Unused(const Dataset& dataset) { return DescribeUnused(dataset, UseOfClasses(dataset)); }

TEST(ClassUse, ClassesWithoutAPictureOrVideoAreNamed) {
  EXPECT_EQ(Unused(Labels({0, 2, 1, 2}, LabelKind::kWhole, 3)), "");
  EXPECT_EQ(Unused(Labels({0, 2, 2}, LabelKind::kWhole, 4)), "2 of 4 classes without a picture: 'c1', 'c3'");
  EXPECT_EQ(Unused(Labels({1}, LabelKind::kVideo, 2)), "1 of 2 classes without a video: 'c0'");
}

TEST(ClassUse, ManyAreCounted) {
  const std::string text = Unused(Labels({0}, LabelKind::kWhole, 20));
  EXPECT_TRUE(text.starts_with("19 of 20 classes without a picture: 'c1'")) << text;
  EXPECT_TRUE(text.ends_with("'c10' and 9 more")) << text;
}

TEST(ClassUse, OfBoxesIsCountedByObject) {
  const TemporaryFolder folder;
  MakeCocoMiniature(folder);
  const auto set = DatasetRegistry::Get().Create("coco", base::Config::FromText("root: " + folder.path()), Split::kTrain);
  int64_t objects = 0;
  for (int64_t i = 0; i < set->size(); ++i) objects += static_cast<int64_t>(set->Get(i).boxes->boxes.size());
  const std::vector<int64_t> counts = set->class_counts();
  EXPECT_EQ(counts[0] + counts[1] + counts[2], objects);
  EXPECT_EQ(Unused(*set), "");
  std::string text = base::ReadFile(folder.File("annotations/instances_train2017.json"));
  const std::string from = "\"categories\":[";
  text.insert(text.find(from) + from.size(), R"({"id": 90, "name": "never"},)");
  folder.Write("annotations/instances_train2017.json", text);
  EXPECT_EQ(Unused(*DatasetRegistry::Get().Create("coco", base::Config::FromText("root: " + folder.path()), Split::kTrain)),
            "1 of 4 classes without an object: 'never'");
}

}  // namespace
}  // namespace deepmad::data
