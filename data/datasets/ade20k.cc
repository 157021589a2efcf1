// Scenes with a class for each pixel, as ADE20K's scene parsing benchmark has them: ROOT/images/{training,validation}/NAME.jpg and
// ROOT/annotations/{training,validation}/NAME.png. Keys: root, classes, label_numbering, class_names, training_folder, validation_folder.
#include <filesystem>
#include <utility>

#include "base/error.h"
#include "data/annotations/class_names.h"
#include "data/annotations/file_pairs.h"
#include "data/dataset/dataset.h"
#include "data/image/label_map.h"

namespace deepmad::data {
namespace {

class Ade20k : public Dataset {
 public:
  Ade20k(std::vector<FilePair> files, LabelNumbering numbering, std::vector<std::string> class_names)
      : files_(std::move(files)), numbering_(numbering), class_names_(std::move(class_names)) {}

  LabelKind labels() const override { return LabelKind::kPixels; }
  int64_t size() const override { return static_cast<int64_t>(files_.size()); }

  Sample Get(int64_t index) const override {
    const FilePair& pair = files_[static_cast<size_t>(index)];
    Sample sample{Picture::FromFile(pair.first).TurnedUpright(), kNoWholeLabel, pair.first, nullptr};
    Image map = ReadLabelMap(pair.second, numbering_);
    const char* turned = sample.picture.exif_orientation() != 1 ? ", turned upright as its EXIF orientation says" : "";
    CheckSameSize({map.height, map.width}, pair.second, sample.picture.size(), pair.first + turned);
    CheckClasses(map, static_cast<int64_t>(class_names_.size()), numbering_, pair.second);
    sample.label_map = std::make_shared<const Image>(std::move(map));
    return sample;
  }

  int64_t label(int64_t) const override { return kNoWholeLabel; }
  std::string source(int64_t index) const override { return files_[static_cast<size_t>(index)].first; }
  const std::vector<std::string>& class_names() const override { return class_names_; }

 private:
  std::vector<FilePair> files_;
  LabelNumbering numbering_;
  std::vector<std::string> class_names_;
};

// From the file that the section names, or the benchmark's own list for that many classes; "class 7" where there is neither.
std::vector<std::string> ClassNames(const base::Config& section, const std::string& root, int64_t classes, int first) {
  const std::string own_list = root + "/objectInfo" + std::to_string(classes) + ".txt";
  std::string file = section.Has("class_names") ? section.GetPath("class_names") : "";
  std::error_code error;
  if (file.empty() && std::filesystem::exists(own_list, error)) file = own_list;
  std::vector<std::string> names;
  if (!file.empty()) {
    names = ReadClassNames(file);
    if (static_cast<int64_t>(names.size()) != classes) {
      throw base::UsageError(std::to_string(names.size()) + " names for " + std::to_string(classes) + " classes", file,
                             "correct data.classes or the file");
    }
    return names;
  }
  for (int64_t i = 0; i < classes; ++i) names.push_back("class " + std::to_string(i + first));
  return names;
}

std::unique_ptr<Dataset> MakeAde20k(const base::Config& section, Split split) {
  const std::string root = section.GetPath("root");
  const int64_t classes = section.GetInt("classes", 1, kNoLabel);
  const bool from_zero = section.GetChoice("label_numbering", "from_one", {"from_one", "from_zero"}) == "from_zero";
  const std::string training = section.GetString("training_folder", "training");
  const std::string validation = section.GetString("validation_folder", "validation");
  const std::string folder = "/" + (split == Split::kTrain ? training : validation);
  std::vector<std::string> names = ClassNames(section, root, classes, from_zero ? 0 : 1);
  return std::make_unique<Ade20k>(PairFiles(root + "/images" + folder, root + "/annotations" + folder),
                                  from_zero ? LabelNumbering::kFromZero : LabelNumbering::kFromOne, std::move(names));
}

DEEPMAD_REGISTER(DatasetRegistry, "ade20k", "scenes with a class for each pixel: ROOT/{images,annotations}/{training,validation}/",
                 MakeAde20k);

}  // namespace
}  // namespace deepmad::data
