// UCF101 as it is given out: the folder of the videos, and that of the lists of its three splits. Keys: root, videos and lists (both from
// the root on), fold and leave_out.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "base/error.h"
#include "data/annotations/video_list.h"
#include "data/dataset/dataset.h"
#include "data/datasets/video_dataset.h"

namespace deepmad::data {
namespace {

namespace fs = std::filesystem;

// The class of the folder, which a label beside it must agree with.
int64_t LabelOf(const ListedVideo& video, const std::string& list, const std::vector<std::string>& names) {
  const std::string where = list + ":" + std::to_string(video.line);
  const auto found = std::find(names.begin(), names.end(), video.class_name);
  if (found == names.end()) throw base::FailedError(fmt::format("class '{}' is not among those of classInd.txt", video.class_name), where);
  const int64_t label = found - names.begin();
  if (video.label >= 0 && video.label != label) {
    throw base::FailedError(fmt::format("label {} of class '{}', whose number is {}", video.label + 1, video.class_name, label + 1), where);
  }
  return label;
}

std::unique_ptr<Dataset> MakeUcf101(const base::Config& section, Split split) {
  const std::string root = section.GetPath("root");
  const std::string lists = (fs::path(root) / section.GetString("lists", "ucfTrainTestlist")).lexically_normal().string();
  const int64_t fold = section.GetInt("fold", 1, 1, 3);
  VideoSplit videos;
  videos.list = fmt::format("{}/{}list{:02}.txt", lists, split == Split::kTrain ? "train" : "test", fold);
  videos.folder = (fs::path(root) / section.GetString("videos", "UCF-101")).lexically_normal().string();
  videos.class_names = ReadUcfClasses(lists + "/classInd.txt");
  for (const ListedVideo& video : ReadUcfList(videos.list).videos) {
    videos.videos.push_back({video.path, /*any_suffix=*/false, LabelOf(video, videos.list, videos.class_names)});
  }
  videos.hint = "check data.root and data.videos";
  return OpenVideoSet(std::move(videos), section);
}

DEEPMAD_REGISTER(DatasetRegistry, "ucf101", "UCF101's videos by the lists of one of its three splits, a label each", MakeUcf101);

}  // namespace
}  // namespace deepmad::data
