// A data set of image files without labels, for prediction.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "data/dataset/dataset.h"

namespace deepmad::data {

class PictureFiles : public Dataset {
 public:
  // `upright`: pictures are turned as their EXIF orientation says.
  PictureFiles(std::vector<std::string> files, bool upright) : files_(std::move(files)), upright_(upright) {}

  int64_t size() const override { return static_cast<int64_t>(files_.size()); }
  // Decodes the picture. One that cannot be read is black, and broken() says why: the others are to be predicted all the same.
  Sample Get(int64_t index) const override;
  int64_t label(int64_t) const override { return kNoWholeLabel; }
  std::string source(int64_t index) const override { return files_[static_cast<size_t>(index)]; }
  const std::vector<std::string>& class_names() const override { return class_names_; }

  bool IsBroken(int64_t index) const;
  // Of the files read so far those that cannot be, by index: what is wrong, with the file.
  std::map<int64_t, std::string> broken() const;

 private:
  std::vector<std::string> files_;
  bool upright_;
  std::vector<std::string> class_names_;  // none
  mutable std::mutex mutex_;              // guards what follows
  mutable std::map<int64_t, std::string> broken_;
};

}  // namespace deepmad::data
