// Pictures with boxes around objects, by annotation files in COCO's format, whoever made them:
// ROOT/annotations/instances_{train,val}2017.json and ROOT/{train,val}2017/. Keys: root, train_annotations, validation_annotations,
// train_pictures, validation_pictures.
#include <fmt/format.h>

#include <filesystem>
#include <system_error>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "data/annotations/other_file_name.h"
#include "data/dataset/dataset.h"
#include "data/datasets/box_warnings.h"
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
    sample.picture = Picture::FromFile(sample.source).TurnedUpright();
    if (const Size size = sample.picture.size(); size != sample.boxes->size) {
      const Size& stated = sample.boxes->size;
      const bool turned = sample.picture.exif_orientation() != 1;
      throw base::FailedError(fmt::format("a picture of {}x{} pixels{}, {}x{} in the annotations of image {}", size.width, size.height,
                                          turned ? " when turned upright as its EXIF orientation says" : "", stated.width, stated.height,
                                          sample.boxes->image_id),
                              sample.source,
                              turned ? "annotate the upright picture, or remove the orientation from the file"
                                     : "give the pictures that were annotated, with their EXIF orientation");
    }
    return sample;
  }

  int64_t label(int64_t) const override { return kNoWholeLabel; }
  std::string source(int64_t index) const override { return files_[static_cast<size_t>(index)]; }
  const std::vector<std::string>& class_names() const override { return class_names_; }
  std::vector<int64_t> class_counts() const override {
    std::vector<int64_t> counts(class_names_.size());
    for (const auto& picture : boxes_) {
      for (const LabelledBox& box : picture->boxes) ++counts[static_cast<size_t>(box.label)];
    }
    return counts;
  }
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

void Report(const CocoSet& set, const CocoAnnotations& annotations, const std::string& file) {
  for (const std::string& warning : BoxWarnings(annotations, set)) base::LogWarning(file + ": " + warning);
  std::string text;
  for (const LeftOut& left_out : set.drops.Describe()) text += fmt::format("; {}: {}", left_out.reason, left_out.names.size());
  if (text.empty()) return;
  base::LogInfo(fmt::format("{}: {} images are used; left out (`deepmad data check` names them){}", file, set.pictures.size(), text));
}

// By the first picture: names are written by one exporter, all alike.
void CheckFileNames(const CocoSet& set, const std::string& folder, const std::string& file) {
  const CocoPicture& first = set.pictures.front();
  const std::string other = OtherFileName(folder, first.file_name);
  if (other.empty()) return;
  throw base::FailedError(fmt::format("image {}: there is no '{}' in {}, but '{}'", first.image_id, first.file_name, folder, other), file,
                          "write the names into file_name as they are below that folder");
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
  CheckFileNames(set, folder, file);
  Report(set, *read, file);
  return std::make_unique<Coco>(std::move(set), folder, train ? nullptr : std::move(read));
}

DEEPMAD_REGISTER(DatasetRegistry, "coco", "pictures with boxes around objects, by annotation files in COCO's format", MakeCoco);

}  // namespace
}  // namespace deepmad::data
