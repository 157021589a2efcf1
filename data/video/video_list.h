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

// Two forms, told apart by the first line:
//   "relative/path label" in each line, the label being the number after the last blank;
//   Kinetics' CSV, whose header has the columns label, youtube_id, time_start and time_end: the path is then
//   label_with_underscores/ID_SSSSSS_EEEEEE, a file of any suffix or a folder of frames.
// UsageError for an absent file; FailedError naming the line of what is neither, a path that leaves its folder, or a second line of one
// path.
VideoList ReadVideoList(const std::string& file);

// As UCF101's lists are given out: "Class/video.avi label" with labels from 1 on in those of training, "Class/video.avi" in those of
// testing. Errors as above.
VideoList ReadUcfList(const std::string& file);

// UCF101's classInd.txt, "1 ApplyEyeMakeup" a line: the names in the order of their numbers. FailedError naming the line of what is
// something else, or the number that none has.
std::vector<std::string> ReadUcfClasses(const std::string& file);

}  // namespace deepmad::data
