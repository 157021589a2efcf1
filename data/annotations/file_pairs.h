// Two folders whose files belong together by name: pictures and their labels, labels and predictions.
#pragma once

#include <string>
#include <vector>

namespace deepmad::data {

struct FilePair {
  std::string first;
  std::string second;
};

// The files directly in two folders, hidden ones left out, paired by their names without extensions and in byte order of these. UsageError
// for an absent or empty folder; FailedError naming a file without partner, and how many there are, or two files of one name.
std::vector<FilePair> PairFiles(const std::string& first_folder, const std::string& second_folder);

}  // namespace deepmad::data
