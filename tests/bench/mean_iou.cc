// Time of the segmentation metric for one pair of maps: bench_mean_iou LABELS PREDICTIONS REPEATS, both files a byte a pixel. Prints the
// best milliseconds and the mean IoU. mean_iou.py runs it beside numpy.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>

#include "base/atomic_file.h"
#include "train/metrics/mean_iou.h"

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "bench_mean_iou LABELS PREDICTIONS REPEATS\n");
    return 2;
  }
  using Clock = std::chrono::steady_clock;
  const std::string labels = deepmad::base::ReadFile(argv[1]), predictions = deepmad::base::ReadFile(argv[2]);
  if (labels.size() != predictions.size()) {
    std::fprintf(stderr, "the maps differ in size\n");
    return 2;
  }
  deepmad::train::SegmentationCounts counts(255);
  double best = 1e9;
  for (int i = 0; i < std::stoi(argv[3]); ++i) {
    const auto start = Clock::now();
    counts.Add(reinterpret_cast<const uint8_t*>(labels.data()), reinterpret_cast<const uint8_t*>(predictions.data()), labels.size());
    best = std::min(best, std::chrono::duration<double, std::milli>(Clock::now() - start).count());
  }
  std::printf("%.4f %.17g\n", best, counts.mean_iou());
}
