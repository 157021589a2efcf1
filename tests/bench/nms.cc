// Milliseconds for non-maximum suppression of the boxes in a file, beside torchvision's: started by compare_nms.py.
//
//   bench_nms FILE THRESHOLD ROUNDS     FILE: float32 rows x1, y1, x2, y2, score, class. Prints the fastest round and the number kept.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <limits>

#include "base/atomic_file.h"
#include "models/boxes/nms.h"

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: bench_nms FILE THRESHOLD ROUNDS\n");
    return 2;
  }
  const std::string bytes = deepmad::base::ReadFile(argv[1]);
  const auto* rows = reinterpret_cast<const float*>(bytes.data());
  const auto count = static_cast<int64_t>(bytes.size() / sizeof(float) / 6);
  std::vector<float> boxes, scores;
  std::vector<int64_t> classes;
  for (int64_t i = 0; i < count; ++i) {
    boxes.insert(boxes.end(), rows + 6 * i, rows + 6 * i + 4);
    scores.push_back(rows[6 * i + 4]);
    classes.push_back(static_cast<int64_t>(rows[6 * i + 5]));
  }
  double best = std::numeric_limits<double>::infinity();
  size_t kept = 0;
  for (int round = 0; round < std::atoi(argv[3]); ++round) {
    const auto start = std::chrono::steady_clock::now();
    kept = deepmad::models::SuppressOverlaps(boxes.data(), scores.data(), classes.data(), count, std::atof(argv[2]), count).size();
    best = std::min(best, std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
  }
  std::printf("{\"milliseconds\": %.4f, \"kept\": %zu}\n", best, kept);
}
