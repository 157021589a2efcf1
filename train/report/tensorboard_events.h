// TensorBoard event files: scalars by tag and step. TensorBoard finds a file by "tfevents" in its name.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "train/report/append_file.h"

namespace deepmad::train {

class TensorboardEvents {
 public:
  // Creates the file or appends to an existing one, which must have been cut back first because its last event may be torn. Throws
  // FailedError naming the path, as does Add().
  explicit TensorboardEvents(const std::string& path);

  // One event with the values of a step, on disk when it returns. `wall_time` in seconds since 1970.
  void Add(int64_t step, const std::vector<std::pair<std::string, double>>& values, double wall_time);
  void Add(int64_t step, const std::vector<std::pair<std::string, double>>& values);  // now
  void Sync() { file_.Sync(); }

 private:
  AppendFile file_;
};

// Rewrites the file with the values for which `keep` returns true, and without a torn last event. An absent file stays absent.
void CutTensorboardEvents(const std::string& path, const std::function<bool(int64_t step, const std::string& tag)>& keep);

// One value read back.
struct TensorboardScalar {
  int64_t step = 0;
  double wall_time = 0;
  std::string tag;
  float value = 0;
};
std::vector<TensorboardScalar> ReadTensorboardScalars(const std::string& path);

}  // namespace deepmad::train
