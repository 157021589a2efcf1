#include "data/video/frame_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>
#include <system_error>
#include <utility>

#include "base/error.h"
#include "data/image/image_io.h"
#include "data/transforms/channels.h"

namespace deepmad::data {
namespace {

namespace fs = std::filesystem;

// The number in img_NUMBER.jpg with at least five digits; 0 for other names.
int64_t NumberOf(const std::string& name) {
  constexpr std::string_view kBefore = "img_", kAfter = ".jpg";
  if (!name.starts_with(kBefore) || !name.ends_with(kAfter) || name.size() < kBefore.size() + 5 + kAfter.size()) return 0;
  int64_t number = 0;
  const char *begin = name.data() + kBefore.size(), *end = name.data() + name.size() - kAfter.size();
  const auto [stop, error] = std::from_chars(begin, end, number);
  return error == std::errc() && stop == end && number > 0 ? number : 0;
}

}  // namespace

FrameFolder::FrameFolder(std::string folder) : folder_(std::move(folder)) {
  std::vector<int64_t> numbers;
  try {
    for (const fs::directory_entry& entry : fs::directory_iterator(folder_)) {
      if (const int64_t number = NumberOf(entry.path().filename().native()); number > 0) numbers.push_back(number);
    }
  } catch (const fs::filesystem_error& e) {
    throw base::FailedError("cannot list: " + e.code().message(), folder_);
  }
  if (numbers.empty()) throw base::FailedError("a folder without a frame", folder_, "frames are img_00001.jpg, img_00002.jpg, ...");
  std::sort(numbers.begin(), numbers.end());
  for (const int64_t number : numbers) {
    if (number != ++count_) throw base::FailedError("the frame is missing, though later ones are there", PathOf(count_ - 1));
  }
}

std::string FrameFolder::PathOf(int64_t number) const { return folder_ + fmt::format("/img_{:05}.jpg", number + 1); }

void FrameFolder::Read(const std::vector<int64_t>& numbers, const FrameUse& use) {
  std::map<int64_t, std::vector<size_t>> positions;
  for (size_t i = 0; i < numbers.size(); ++i) positions[numbers[i]].push_back(i);
  Size size;
  for (const auto& [number, places] : positions) {
    const std::string path = PathOf(number);
    Image image = ReadImage(path);
    ConvertChannels(image, 3);
    if (size.height == 0) size = {image.height, image.width};
    if (image.height != size.height || image.width != size.width) {
      throw base::FailedError(fmt::format("a frame of {} x {} among frames of {} x {}", image.width, image.height, size.width, size.height),
                              path);
    }
    for (const size_t place : places) use(place, image);
  }
}

}  // namespace deepmad::data
