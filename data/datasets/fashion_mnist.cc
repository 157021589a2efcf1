// Fashion-MNIST (Xiao et al., 2017): 60,000 + 10,000 grey pictures of 28x28 in IDX files. Key: root. MNIST's own files have the same names
// and form, but other classes.
#include <filesystem>

#include "base/error.h"
#include "data/annotations/idx_file.h"
#include "data/dataset/dataset.h"

namespace deepmad::data {
namespace {

constexpr const char* kDebianFolder = "/usr/share/datasets/fashion-mnist";

// The plain file where it is, else the compressed one.
std::string FindFile(const std::string& root, const std::string& name) {
  for (const char* extension : {"", ".gz"}) {
    const std::string path = root + "/" + name + extension;
    if (std::filesystem::exists(path)) return path;
  }
  throw base::UsageError("no file " + name + " or " + name + ".gz", root,
                         "install the package dataset-fashion-mnist, or set data.root to the folder of the IDX files");
}

class FashionMnist : public Dataset {
 public:
  FashionMnist(const std::string& root, Split split) {
    const std::string prefix = split == Split::kTrain ? "train" : "t10k";
    const std::string labels_path = FindFile(root, prefix + "-labels-idx1-ubyte");
    images_path_ = FindFile(root, prefix + "-images-idx3-ubyte");
    images_ = ReadIdx(images_path_, 3);
    labels_ = ReadIdx(labels_path, 1);
    if (images_.shape[0] != labels_.shape[0]) {
      throw base::FailedError(std::to_string(labels_.shape[0]) + " labels for " + std::to_string(images_.shape[0]) + " images",
                              labels_path);
    }
    if (images_.values.empty()) throw base::FailedError("no images", images_path_);
    for (size_t i = 0; i < labels_.values.size(); ++i) {
      if (labels_.values[i] < class_names_.size()) continue;
      throw base::FailedError("label " + std::to_string(labels_.values[i]) + " is not in 0..9", labels_path + "#" + std::to_string(i));
    }
  }

  int64_t size() const override { return images_.shape[0]; }
  Sample Get(int64_t index) const override {
    Image image(static_cast<int>(images_.shape[1]), static_cast<int>(images_.shape[2]), 1);
    std::copy_n(images_.values.data() + index * image.pixels.size(), image.pixels.size(), image.pixels.begin());
    return {std::move(image), label(index), source(index)};
  }
  int64_t label(int64_t index) const override { return labels_.values[index]; }
  std::string source(int64_t index) const override { return images_path_ + "#" + std::to_string(index); }
  const std::vector<std::string>& class_names() const override { return class_names_; }

 private:
  std::string images_path_;
  IdxArray images_;
  IdxArray labels_;
  std::vector<std::string> class_names_ = {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
                                           "Sandal",      "Shirt",   "Sneaker",  "Bag",   "Ankle boot"};
};

std::unique_ptr<Dataset> MakeFashionMnist(const base::Config& section, Split split) {
  return std::make_unique<FashionMnist>(section.Has("root") ? section.GetPath("root") : section.GetString("root", kDebianFolder), split);
}

DEEPMAD_REGISTER(DatasetRegistry, "fashion_mnist", "Fashion-MNIST's IDX files, plain or gzip; by default those of Debian's package",
                 MakeFashionMnist);

}  // namespace
}  // namespace deepmad::data
