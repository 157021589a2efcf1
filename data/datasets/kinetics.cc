// Videos with a label each, named by lists: Kinetics, UCF101 and their like. Keys: root, train_list, validation_list, train_videos,
// validation_videos, classes (all of them from the root on) and leave_out.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <utility>

#include "base/error.h"
#include "data/annotations/class_names.h"
#include "data/annotations/video_list.h"
#include "data/dataset/dataset.h"
#include "data/datasets/video_dataset.h"

namespace deepmad::data {
namespace {

namespace fs = std::filesystem;

bool IsThere(const std::string& path) {
  std::error_code error;
  return fs::exists(path, error);
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
  const size_t own = split == Split::kTrain ? 0 : 1;
  const std::vector<VideoList> lists = {ReadVideoList(files[0]), ReadVideoList(files[1])};
  const VideoList& list = lists[own];
  std::vector<std::string> names = ClassNames(classes_file, lists);
  std::map<std::string, int64_t> numbers;
  for (size_t i = 0; i < names.size(); ++i) numbers[names[i]] = static_cast<int64_t>(i);

  VideoSplit videos;
  videos.list = list.file;
  videos.folder = (fs::path(root) / folders[own]).lexically_normal().string();
  for (const ListedVideo& video : list.videos) videos.videos.push_back({video.path, list.from_csv, LabelOf(video, list, names, numbers)});
  videos.class_names = std::move(names);
  videos.hint = "check data.root, data.train_videos and data.validation_videos";
  return OpenVideoSet(std::move(videos), section);
}

DEEPMAD_REGISTER(DatasetRegistry, "kinetics", "videos or folders of frames by list files or Kinetics' CSV, a label each", MakeKinetics);

}  // namespace
}  // namespace deepmad::data
