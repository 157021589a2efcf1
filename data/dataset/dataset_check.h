// Checks a data set by decoding every file.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "data/dataset/dataset.h"

namespace deepmad::data {

struct BrokenSample {
  std::string source;
  std::string reason;
};

struct CheckResult {
  int64_t samples = 0;
  int64_t grey = 0;                    // samples with one channel
  int64_t turned = 0;                  // pictures with an EXIF orientation other than upright
  std::vector<int64_t> class_counts;   // by class index: samples, samples that show the class (pixel labels) or objects
  int min_height = 0, max_height = 0;  // over the samples that decode
  int min_width = 0, max_width = 0;
  std::vector<BrokenSample> broken;  // in the order of the set
  std::vector<std::string> missing;  // as in Dataset::missing()
  std::vector<LeftOut> left_out;     // as in Dataset::left_out()
  std::string unused_classes;        // a line naming them, or empty
};

// Decodes all samples with `threads` threads. `progress` is called with the number done so far, by one thread at a time.
CheckResult CheckDataset(const Dataset& dataset, int threads, const std::function<void(int64_t done)>& progress = {});

}  // namespace deepmad::data
