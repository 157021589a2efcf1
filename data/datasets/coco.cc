// Pictures with boxes around objects, by annotation files in COCO's format, whoever made them:
// ROOT/annotations/instances_{train,val}2017.json and ROOT/{train,val}2017/. Keys: root, train_annotations, validation_annotations,
// train_pictures, validation_pictures.
#include <fmt/format.h>

#include <filesystem>
#include <system_error>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "data/dataset/dataset.h"
#include "data/datasets/coco_selection.h"

namespace deepmad::data {
namespace {

namespace fs = std::filesystem;

class Coco : public Dataset {
 public:
  Coco(CocoSet set, const std::string& folder, std::shared_ptr<const CocoAnnotations> annotations)
      : class_ids_(std::move(set.category_ids)),
        class_names_(std::move(set.class_names)),
        drops_(std::move(set.drops)),
        annotations_(std::move(annotations)) {
    for (CocoPicture& picture : set.pictures) {
      files_.push_back((fs::path(folder) / picture.file_name).string());
      boxes_.push_back(
          std::make_shared<const PictureBoxes>(PictureBoxes{picture.image_id, {picture.height, picture.width}, std::move(picture.boxes)}));
    }
  }

  LabelKind labels() const override { return LabelKind::kBoxes; }
  int64_t size() const override { return static_cast<int64_t>(files_.size()); }

  Sample Get(int64_t index) const override {
    Sample sample;
    sample.source = source(index);
    sample.boxes = boxes_[static_cast<size_t>(index)];
    sample.picture = Picture::FromFile(sample.source);
    if (const Size size = sample.picture.size(); size != sample.boxes->size) {
      const Size& stated = sample.boxes->size;
      throw base::FailedError(fmt::format("a picture of {}x{} pixels, {}x{} in the annotations of image {}", size.width, size.height,
                                          stated.width, stated.height, sample.boxes->image_id),
                              sample.source, "give the pictures that were annotated");
    }
    return sample;
  }

  int64_t label(int64_t) const override { return kNoWholeLabel; }
  std::string source(int64_t index) const override { return files_[static_cast<size_t>(index)]; }
  const std::vector<std::string>& class_names() const override { return class_names_; }
  std::vector<LeftOut> left_out() const override { return drops_.Describe(); }
  std::vector<int64_t> class_ids() const override { return class_ids_; }
  std::shared_ptr<const CocoAnnotations> annotations() const override { return annotations_; }

  // Pictures that are higher than wide apart from the others.
  std::vector<int> groups() const override {
    std::vector<int> groups;
    groups.reserve(boxes_.size());
    for (const auto& boxes : boxes_) groups.push_back(boxes->size.width >= boxes->size.height ? 0 : 1);
    return groups;
  }

 private:
  std::vector<std::string> files_;
  std::vector<std::shared_ptr<const PictureBoxes>> boxes_;
  std::vector<int64_t> class_ids_;
  std::vector<std::string> class_names_;
  CocoDrops drops_;
  std::shared_ptr<const CocoAnnotations> annotations_;
};

void Report(const CocoSet& set, const std::string& file) {
  std::string text;
  for (const LeftOut& left_out : set.drops.Describe()) text += fmt::format("; {}: {}", left_out.reason, left_out.names.size());
  if (text.empty()) return;
  base::LogInfo(fmt::format("{}: {} images are used; left out (`deepmad data check` names them){}", file, set.pictures.size(), text));
}

std::unique_ptr<Dataset> MakeCoco(const base::Config& section, Split split) {
  const fs::path root = section.GetPath("root");
  const std::string annotations[] = {section.GetString("train_annotations", "annotations/instances_train2017.json"),
                                     section.GetString("validation_annotations", "annotations/instances_val2017.json")};
  const std::string pictures[] = {section.GetString("train_pictures", "train2017"), section.GetString("validation_pictures", "val2017")};
  const bool train = split == Split::kTrain;
  const std::string file = (root / annotations[train ? 0 : 1]).string(), folder = (root / pictures[train ? 0 : 1]).string();
  std::error_code error;
  if (!fs::is_regular_file(file, error)) {
    throw base::UsageError("no such annotation file", file,
                           fmt::format("check data.root and data.{}", train ? "train_annotations" : "validation_annotations"));
  }
  if (!fs::is_directory(folder, error)) {
    throw base::UsageError("no such folder of pictures", folder,
                           fmt::format("check data.root and data.{}", train ? "train_pictures" : "validation_pictures"));
  }
  auto read = std::make_shared<const CocoAnnotations>(ReadCocoAnnotations(file));
  CocoSet set = SelectCoco(*read, split, file);
  Report(set, file);
  return std::make_unique<Coco>(std::move(set), folder, train ? nullptr : std::move(read));
}

DEEPMAD_REGISTER(DatasetRegistry, "coco", "pictures with boxes around objects, by annotation files in COCO's format", MakeCoco);

}  // namespace
}  // namespace deepmad::data
