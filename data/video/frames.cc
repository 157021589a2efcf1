#include "data/video/frames.h"

#include <filesystem>

#include "data/transforms/crop.h"
#include "data/video/frame_folder.h"
#include "data/video/video_file.h"

namespace deepmad::data {

std::unique_ptr<Frames> OpenFrames(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return std::make_unique<FrameFolder>(path);
  return std::make_unique<VideoFile>(path);
}

std::vector<Image> ReadFrames(Frames& frames, const std::vector<int64_t>& numbers) {
  std::vector<Image> images(numbers.size());
  frames.Read(numbers, [&](size_t position, const ImageView& frame) { images[position] = Copy(frame); });
  return images;
}

}  // namespace deepmad::data
