// What `predict` takes from the paths that it is given.
#pragma once

#include <string>
#include <vector>

namespace deepmad::data {

// Folders stand for the pictures directly in them, by name, told by their suffix or their first bytes; with `videos`, for the files that
// may be videos and for folders of frames, and a folder of frames for itself. What is left out of a folder is counted and named in one
// line. UsageError for a path that does not exist and for a folder that holds nothing of the kind.
std::vector<std::string> FilesToPredict(const std::vector<std::string>& paths, bool videos);

}  // namespace deepmad::data
