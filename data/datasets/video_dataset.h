// Videos with a label each, as a dataset: those of a list that are there.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/config/config.h"
#include "data/dataset/dataset.h"

namespace deepmad::data {

struct WantedVideo {
  std::string path;         // below VideoSplit::folder
  bool any_suffix = false;  // the path lacks that of a file
  int64_t label = 0;
};

struct VideoSplit {
  std::string list;    // the file that names the videos: for messages
  std::string folder;  // that their paths start from
  std::vector<WantedVideo> videos;
  std::vector<std::string> class_names;
  std::string hint;  // what to look at where no video is there
};

// Warns of videos that are missing, and of those left out: `data_section` may have the key leave_out, a file of paths that are not to be
// used, a line each, as `data check` names them. UsageError where no video is there at all.
std::unique_ptr<Dataset> OpenVideoSet(VideoSplit split, const base::Config& data_section);

}  // namespace deepmad::data
