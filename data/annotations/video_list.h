// Reads the list files that name the videos of a split and their labels (docs/protocols/video.md, section 1).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace deepmad::data {

struct ListedVideo {
  std::string path;        // relative to the folder of the videos; as a CSV has no suffix, without it
  std::string class_name;  // of a CSV, or of UCF101's folder; empty in a plain list
  int64_t label = -1;      // of a list that gives one, from 0 on
  int64_t line = 0;        // in the list's file
};

struct VideoList {
  std::string file;
  bool from_csv = false;
  std::vector<ListedVideo> videos;
};

// Reads a list file in one of two formats, detected by the first line:
//   "relative/path label" in each line, the label being the number after the last blank;
//   Kinetics' CSV, whose header has the columns label, youtube_id, time_start and time_end: the path is then
//   label_with_underscores/ID_SSSSSS_EEEEEE, a file of any suffix or a folder of frames.
// Throws UsageError if the file is absent; FailedError naming the line if it fits neither format, if a path leaves its folder, or if a path
// occurs twice.
VideoList ReadVideoList(const std::string& file);

// Reads a list of UCF101: lines "Class/video.avi label" with labels from 1 on (training lists) or "Class/video.avi" (test lists). Throws
// the errors of ReadVideoList().
VideoList ReadUcfList(const std::string& file);

// Reads UCF101's classInd.txt, with lines like "1 ApplyEyeMakeup", and returns the names in the order of their numbers. Throws FailedError
// naming a malformed line or a missing number.
std::vector<std::string> ReadUcfClasses(const std::string& file);

}  // namespace deepmad::data
