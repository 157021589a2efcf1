// Videos with a label each, named by lists: Kinetics, UCF101 and their like. Keys: root, train_list, validation_list, train_videos,
// validation_videos, classes (all of them from the root on) and leave_out.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <unordered_set>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "data/class_list.h"
#include "data/dataset.h"
#include "data/video/frames.h"
#include "data/video/video_list.h"

namespace deepmad::data {
namespace {

namespace fs = std::filesystem;

struct FoundVideo {
  std::string path;
  int64_t label = 0;
};

class Kinetics : public Dataset {
 public:
  Kinetics(std::vector<FoundVideo> videos, std::vector<std::string> missing, std::vector<std::string> class_names)
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
  return fs::exists(path, error);
}

// The file or folder of a video of the list; empty where there is none.
std::string Find(const std::string& folder, const ListedVideo& video, bool from_csv) {
  const std::string path = folder + "/" + video.path;
  if (IsThere(path)) return path;
  if (!from_csv) return "";
  for (const char* suffix : {".mp4", ".mkv", ".webm", ".avi"}) {
    if (IsThere(path + suffix)) return path + suffix;
  }
  return "";
}

// Names by label: of the file `classes`, else what the lists of both splits say.
std::vector<std::string> ClassNames(const std::string& classes_file, const std::vector<VideoList>& lists) {
  if (!classes_file.empty()) return ReadClassNames(classes_file);
  std::set<std::string> names;
  int64_t most = -1;
  for (const VideoList& list : lists) {
    for (const ListedVideo& video : list.videos) {
      if (list.from_csv) names.insert(video.class_name);
      most = std::max(most, video.label);
    }
  }
  if (!names.empty() && most >= 0) {
    throw base::UsageError("one list has names of classes, the other numbers", lists[0].file, "give data.classes, the file of the names");
  }
  std::vector<std::string> all(names.begin(), names.end());
  for (int64_t label = 0; label <= most; ++label) all.push_back("class " + std::to_string(label));
  return all;
}

int64_t LabelOf(const ListedVideo& video, const VideoList& list, const std::vector<std::string>& names,
                const std::map<std::string, int64_t>& numbers) {
  const std::string where = list.file + ":" + std::to_string(video.line);
  if (list.from_csv) {
    const auto number = numbers.find(video.class_name);
    if (number == numbers.end())
      throw base::FailedError(fmt::format("class '{}' is not among the {} of the data", video.class_name, names.size()), where);
    return number->second;
  }
  if (video.label >= static_cast<int64_t>(names.size())) {
    throw base::FailedError(fmt::format("label {} of {} classes (they start at 0)", video.label, names.size()), where);
  }
  return video.label;
}

// Lines of paths that are not to be used, as `data check` names them.
std::unordered_set<std::string> ReadLeftOut(const base::Config& section) {
  std::unordered_set<std::string> paths;
  if (section.IsNull("leave_out")) return paths;
  const std::string path = section.GetPath("leave_out");
  std::ifstream file(path);
  if (!file) throw base::UsageError("no such list of videos to leave out", path);
  for (std::string line; std::getline(file, line);) {
    line.erase(line.find_last_not_of(" \t\r") + 1);
    if (!line.empty()) paths.insert(line);
  }
  return paths;
}

void Report(const VideoList& list, size_t found, size_t left_out, const std::vector<std::string>& missing) {
  if (missing.empty() && left_out == 0) return;
  constexpr size_t kShown = 3;
  std::string text = fmt::format("{}: {} of {} videos found", list.file, found, list.videos.size());
  if (left_out > 0) text += fmt::format(", {} left out", left_out);
  for (size_t i = 0; i < std::min(kShown, missing.size()); ++i) text += (i == 0 ? "; missing: " : ", ") + missing[i];
  if (missing.size() > kShown) text += fmt::format(" and {} more (`deepmad data check` names all)", missing.size() - kShown);
  base::LogWarning(text);
}

// The list of a split, read from a key or by its usual name below the root.
std::string ListFile(const base::Config& section, const std::string& root, const char* key, const char* usual) {
  if (section.Has(key)) return (fs::path(root) / section.GetString(key)).string();
  for (const std::string& name : {fmt::format("{}_list_videos.txt", usual), fmt::format("{}.csv", usual)}) {
    if (IsThere(root + "/" + name)) return root + "/" + name;
  }
  throw base::UsageError(fmt::format("no list of videos: neither {0}_list_videos.txt nor {0}.csv", usual), root,
                         fmt::format("give data.{}", key));
}

std::unique_ptr<Dataset> MakeKinetics(const base::Config& section, Split split) {
  const std::string root = section.GetPath("root");
  const std::string files[] = {ListFile(section, root, "train_list", "train"), ListFile(section, root, "validation_list", "val")};
  const std::string folders[] = {section.GetString("train_videos", "train"), section.GetString("validation_videos", "val")};
  const std::string usual_classes = root + "/classes.txt";
  const std::string classes_file = section.Has("classes")   ? (fs::path(root) / section.GetString("classes")).string()
                                   : IsThere(usual_classes) ? usual_classes
                                                            : "";
  const std::unordered_set<std::string> left_out = ReadLeftOut(section);
  const size_t own = split == Split::kTrain ? 0 : 1;
  const std::vector<VideoList> lists = {ReadVideoList(files[0]), ReadVideoList(files[1])};
  const VideoList& list = lists[own];
  std::vector<std::string> names = ClassNames(classes_file, lists);
  std::map<std::string, int64_t> numbers;
  for (size_t i = 0; i < names.size(); ++i) numbers[names[i]] = static_cast<int64_t>(i);

  const std::string folder = (fs::path(root) / folders[own]).lexically_normal().string();
  std::vector<FoundVideo> videos;
  std::vector<std::string> missing;
  size_t unused = 0;
  for (const ListedVideo& video : list.videos) {
    const int64_t label = LabelOf(video, list, names, numbers);
    std::string path = Find(folder, video, list.from_csv);
    if (path.empty()) {
      missing.push_back(folder + "/" + video.path);
    } else if (left_out.contains(path)) {
      ++unused;
    } else {
      videos.push_back({std::move(path), label});
    }
  }
  Report(list, videos.size() + unused, unused, missing);
  if (videos.empty()) {
    throw base::UsageError(fmt::format("none of the {} videos of the list is there", list.videos.size()), folder,
                           "check data.root, data.train_videos and data.validation_videos");
  }
  return std::make_unique<Kinetics>(std::move(videos), std::move(missing), std::move(names));
}

DEEPMAD_REGISTER(DatasetRegistry, "kinetics", "videos or folders of frames by list files or Kinetics' CSV, a label each", MakeKinetics);

}  // namespace
}  // namespace deepmad::data
