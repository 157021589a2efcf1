// Scores of videos from a results file: {"path": [score of each class, ...], ...}.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace deepmad::data {

// Calls `use` for each video in the order of the file; the scores are finite, of one count in the whole file, at least one. FailedError
// naming the file and the byte, or the video, where it is something else.
void ReadVideoScores(const std::string& path, const std::function<void(const std::string& video, const std::vector<float>& scores)>& use);

}  // namespace deepmad::data
