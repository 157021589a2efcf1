// A data set of image files without labels, for prediction.
#pragma once

#include <string>
#include <vector>

#include "data/dataset/dataset.h"

namespace deepmad::data {

class PictureFiles : public Dataset {
 public:
  explicit PictureFiles(std::vector<std::string> files) : files_(std::move(files)) {}

  int64_t size() const override { return static_cast<int64_t>(files_.size()); }
  Sample Get(int64_t index) const override { return {Picture::FromFile(source(index)), label(index), source(index)}; }
  int64_t label(int64_t) const override { return kNoWholeLabel; }
  std::string source(int64_t index) const override { return files_[static_cast<size_t>(index)]; }
  const std::vector<std::string>& class_names() const override { return class_names_; }

 private:
  std::vector<std::string> files_;
  std::vector<std::string> class_names_;  // none
};

}  // namespace deepmad::data
