// One side of compare_video.py: the clips of a folder of Kinetics read and prepared by one thread, on demand. No torch.
//
//   bench_video ROOT sparse|dense
//
// Reads lines "go" and answers {"videos": n, "seconds": s, "sum": x}: the mean of all values, which says that the same was made.
#include <chrono>
#include <iostream>
#include <string>
#include <vector>

#include "base/config/config.h"
#include "base/json.h"
#include "data/inputs/open_datasets.h"

namespace deepmad {
namespace {

int Main(const std::string& root, const std::string& sampling) {
  const base::Config section =
      base::Config::FromText("{name: kinetics, root: " + root + ", input: clips, image_size: 224, clip: {sampling: " + sampling + "}}");
  const data::Datasets sets = data::OpenDatasets(section);
  for (std::string line; std::getline(std::cin, line);) {
    const auto start = std::chrono::steady_clock::now();
    double sum = 0;
    int64_t values = 0;
    std::vector<float> memory;
    for (int64_t i = 0; i < sets.train->size(); ++i) {
      const data::Sample sample = sets.train->Get(i);
      const data::PreparedSample prepared = sets.validation_pipeline(sample, base::Random(0, base::RandomPurpose::kAugment));
      memory.resize(static_cast<size_t>(prepared.shape.values()));
      int64_t label = 0;
      prepared.write(data::MemoryLayout::kContiguous, {memory.data(), &label, nullptr});
      for (size_t at = 0; at < memory.size(); at += 97) {
        sum += memory[at];
        ++values;
      }
    }
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    std::cout << base::JsonLine({{"videos", sets.train->size()}, {"seconds", seconds}, {"sum", sum / static_cast<double>(values)}})
              << std::endl;
  }
  return 0;
}

}  // namespace
}  // namespace deepmad

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "bench_video ROOT sparse|dense\n";
    return 2;
  }
  try {
    return deepmad::Main(argv[1], argv[2]);
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
}
