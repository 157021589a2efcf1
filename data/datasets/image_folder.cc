// Pictures in ROOT/{train,val}/CLASS/. Keys: root, cache, exif_orientation.
#include <algorithm>
#include <filesystem>
#include <system_error>

#include "base/error.h"
#include "data/annotations/class_folders.h"
#include "data/dataset/dataset.h"
#include "data/dataset/exif_key.h"
#include "data/dataset/image_cache.h"

namespace deepmad::data {
namespace {

const char* FolderName(Split split) { return split == Split::kTrain ? "train" : "val"; }

class ImageFolder : public Dataset {
 public:
  ImageFolder(std::string folder, bool upright)
      : folder_(std::move(folder)), upright_(upright), class_names_(ListClasses(folder_)), files_(ListClassFiles(folder_, class_names_)) {}

  int64_t size() const override { return static_cast<int64_t>(files_.size()); }
  Sample Get(int64_t index) const override {
    const std::string path = source(index);
    return {TurnedIf(upright_, Picture::FromFile(path)), label(index), path};
  }
  int64_t label(int64_t index) const override { return files_[index].label; }
  std::string source(int64_t index) const override {
    const ClassFile& file = files_[index];
    return folder_ + "/" + class_names_[file.label] + "/" + file.path;
  }
  const std::vector<std::string>& class_names() const override { return class_names_; }

 private:
  std::string folder_;
  bool upright_;
  std::vector<std::string> class_names_;
  std::vector<ClassFile> files_;
};

// A class index means the same in both splits only if they have the same classes. A split that is absent altogether is nobody's concern
// here.
void CheckOtherSplit(const std::string& root, Split split, const std::vector<std::string>& classes) {
  const Split other = split == Split::kTrain ? Split::kValidation : Split::kTrain;
  const std::string folder = root + "/" + FolderName(other);
  std::error_code error;
  if (!std::filesystem::is_directory(folder, error)) return;
  std::vector<std::string> difference;
  const std::vector<std::string> others = ListClasses(folder);
  std::set_symmetric_difference(classes.begin(), classes.end(), others.begin(), others.end(), std::back_inserter(difference));
  if (difference.empty()) return;
  throw base::UsageError("train and val have different classes: '" + difference.front() + "' is only in one of them (" +
                             std::to_string(difference.size()) + " such in all)",
                         root, "give both the same class folders");
}

std::unique_ptr<Dataset> MakeImageFolder(const base::Config& section, Split split) {
  constexpr int64_t kCacheBytes = int64_t{1} << 30;  // of decoded pictures, for each split
  const std::string root = section.GetPath("root");
  const bool cache = section.GetChoice("cache", "auto", {"auto", "none"}) == "auto";
  auto dataset = std::make_unique<ImageFolder>(root + "/" + FolderName(split), ReadsUpright(section));
  CheckOtherSplit(root, split, dataset->class_names());
  if (!cache) return dataset;
  return CacheIfSmall(std::move(dataset), kCacheBytes);
}

DEEPMAD_REGISTER(DatasetRegistry, "image_folder", "JPEG and PNG files in ROOT/{train,val}/CLASS/, as ImageNet has them", MakeImageFolder);

}  // namespace
}  // namespace deepmad::data
