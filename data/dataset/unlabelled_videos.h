// A data set of videos without labels, for prediction.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "data/dataset/dataset.h"

namespace deepmad::data {

class VideoFiles : public Dataset {
 public:
  // Each path is a video file or a folder of frames (data/video/frames.h).
  explicit VideoFiles(std::vector<std::string> paths) : paths_(std::move(paths)) {}

  int64_t size() const override { return static_cast<int64_t>(paths_.size()); }
  LabelKind labels() const override { return LabelKind::kVideo; }
  Sample Get(int64_t index) const override {
    Sample sample;
    sample.source = source(index);
    sample.video = OpenFrames(sample.source);
    return sample;
  }
  int64_t label(int64_t) const override { return kNoWholeLabel; }
  std::string source(int64_t index) const override { return paths_[static_cast<size_t>(index)]; }
  const std::vector<std::string>& class_names() const override { return class_names_; }

 private:
  std::vector<std::string> paths_;
  std::vector<std::string> class_names_;  // none
};

}  // namespace deepmad::data
