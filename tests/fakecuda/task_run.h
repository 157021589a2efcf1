// A run of each task that takes a second, with so many updates and one validation at its end.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace deepmad::fakecuda {

inline const std::vector<std::string> kTasks = {"classification", "detection", "segmentation", "frames", "clips"};
inline const std::vector<std::string> kPrecisions = {"float32", "bfloat16", "float16", "float64"};

class TaskRun {
 public:
  explicit TaskRun(const std::string& task, int updates = 6);
  // Of `deepmad train --device cuda` into a run folder.
  std::vector<std::string> Words(const std::string& out, const std::vector<std::string>& overrides = {}) const;
  int updates() const { return updates_; }
  // A folder of pictures, or of videos, to predict.
  std::string Pictures() const { return pictures_; }

 private:
  std::shared_ptr<const void> run_;  // holds the files
  std::function<std::vector<std::string>(const std::string&, const std::vector<std::string>&)> words_;
  std::vector<std::string> overrides_;
  std::string pictures_;
  int updates_;
};

}  // namespace deepmad::fakecuda
