#include "data/datasets/video_dataset.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <unordered_set>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "base/text_file.h"
#include "data/video/frames.h"

namespace deepmad::data {
namespace {

struct FoundVideo {
  std::string path;
  int64_t label = 0;
};

class VideoSet : public Dataset {
 public:
  VideoSet(std::vector<FoundVideo> videos, std::vector<std::string> missing, std::vector<std::string> class_names)
      : videos_(std::move(videos)), missing_(std::move(missing)), class_names_(std::move(class_names)) {}

  int64_t size() const override { return static_cast<int64_t>(videos_.size()); }
  LabelKind labels() const override { return LabelKind::kVideo; }
  Sample Get(int64_t index) const override {
    const FoundVideo& video = videos_[static_cast<size_t>(index)];
    Sample sample;
    sample.label = video.label;
    sample.source = video.path;
    sample.video = OpenFrames(video.path);
    return sample;
  }
  int64_t label(int64_t index) const override { return videos_[static_cast<size_t>(index)].label; }
  std::string source(int64_t index) const override { return videos_[static_cast<size_t>(index)].path; }
  const std::vector<std::string>& class_names() const override { return class_names_; }
  const std::vector<std::string>& missing() const override { return missing_; }

 private:
  std::vector<FoundVideo> videos_;
  std::vector<std::string> missing_;
  std::vector<std::string> class_names_;
};

bool IsThere(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

// The file or folder of a video of the list; empty where there is none.
std::string Find(const std::string& path, bool any_suffix) {
  if (IsThere(path)) return path;
  if (!any_suffix) return "";
  for (const char* suffix : {".mp4", ".mkv", ".webm", ".avi"}) {
    if (IsThere(path + suffix)) return path + suffix;
  }
  return "";
}

std::unordered_set<std::string> ReadLeftOut(const base::Config& section) {
  std::unordered_set<std::string> paths;
  if (section.IsNull("leave_out")) return paths;
  const std::string path = section.GetPath("leave_out");
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) throw base::UsageError("no such list of videos to leave out", path);
  std::istringstream file(base::ReadTextFile(path, size_t{1} << 28));
  for (std::string line; std::getline(file, line);) {
    line.erase(line.find_last_not_of(" \t\r") + 1);
    if (!line.empty()) paths.insert(line);
  }
  return paths;
}

void Report(const VideoSplit& split, size_t found, size_t left_out, const std::vector<std::string>& missing) {
  if (missing.empty() && left_out == 0) return;
  constexpr size_t kShown = 3;
  std::string text = fmt::format("{}: {} of {} videos found", split.list, found, split.videos.size());
  if (left_out > 0) text += fmt::format(", {} left out", left_out);
  for (size_t i = 0; i < std::min(kShown, missing.size()); ++i) text += (i == 0 ? "; missing: " : ", ") + missing[i];
  if (missing.size() > kShown) text += fmt::format(" and {} more (`deepmad data check` names all)", missing.size() - kShown);
  base::LogWarning(text);
}

}  // namespace

std::unique_ptr<Dataset> OpenVideoSet(VideoSplit split, const base::Config& data_section) {
  const std::unordered_set<std::string> left_out = ReadLeftOut(data_section);
  std::vector<FoundVideo> videos;
  std::vector<std::string> missing;
  size_t unused = 0;
  for (const WantedVideo& video : split.videos) {
    const std::string place = split.folder + "/" + video.path;
    std::string path = Find(place, video.any_suffix);
    if (path.empty()) {
      missing.push_back(place);
    } else if (left_out.contains(path)) {
      ++unused;
    } else {
      videos.push_back({std::move(path), video.label});
    }
  }
  Report(split, videos.size() + unused, unused, missing);
  if (videos.empty()) {
    throw base::UsageError(fmt::format("none of the {} videos of the list is there", split.videos.size()), split.folder, split.hint);
  }
  return std::make_unique<VideoSet>(std::move(videos), std::move(missing), std::move(split.class_names));
}

}  // namespace deepmad::data
