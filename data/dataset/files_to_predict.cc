#include "data/dataset/files_to_predict.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <fstream>

#include "base/error.h"
#include "base/log.h"
#include "data/image/image_io.h"

namespace deepmad::data {
namespace {

namespace fs = std::filesystem;

// A video as a folder of its frames.
bool IsFrameFolder(const fs::path& folder) {
  std::error_code error;
  return fs::exists(folder / "img_00001.jpg", error);
}

template <size_t count>
bool HasSuffix(const fs::path& file, const std::array<const char*, count>& suffixes) {
  std::string suffix = file.extension().string();
  std::ranges::transform(suffix, suffix.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::ranges::find(suffixes, suffix) != suffixes.end();
}

bool StartsAsPicture(const fs::path& file) {
  std::array<char, 16> start{};
  std::ifstream stream(file, std::ios::binary);
  stream.read(start.data(), start.size());
  return IsImageFormat({start.data(), static_cast<size_t>(stream.gcount())});
}

// Systems leave files of their own in folders: .DS_Store and ._x.jpg, Thumbs.db, desktop.ini, notes and tables.
bool MayBePicture(const fs::path& file) {
  constexpr std::array kSuffixes = {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"};
  return HasSuffix(file, kSuffixes) || StartsAsPicture(file);
}

// Which formats a video may have is the library's business, so only what is surely none is left out.
bool MayBeVideo(const fs::path& file) {
  constexpr std::array kOthers = {".db",  ".ini", ".txt",  ".csv", ".json", ".yaml", ".yml",
                                  ".xml", ".md",  ".html", ".zip", ".tar",  ".gz",   ".log"};
  return !HasSuffix(file, kOthers);
}

}  // namespace

std::vector<std::string> FilesToPredict(const std::vector<std::string>& paths, bool videos) {
  const char* const hint = videos ? "give videos, or folders of them" : "give picture files, or folders of them";
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    std::error_code error;  // a link that leads in a circle
    if (!fs::exists(path, error)) throw base::UsageError("no such file or folder", path, hint);
    if (!fs::is_directory(path) || (videos && IsFrameFolder(path))) {
      files.push_back(path);
      continue;
    }
    std::vector<std::string> inside, others;
    for (const fs::directory_entry& entry : fs::directory_iterator(path)) {
      const fs::path& file = entry.path();
      const bool hidden = file.filename().native().starts_with('.');
      if (videos && !hidden && IsFrameFolder(file)) {
        inside.push_back(file.string());
      } else if (entry.is_regular_file()) {
        const bool taken = !hidden && (videos ? MayBeVideo(file) : MayBePicture(file));
        taken ? inside.push_back(file.string()) : others.push_back(file.filename().string());
      }
    }
    std::ranges::sort(others);
    constexpr size_t kShown = 5;
    const std::vector<std::string> shown(others.begin(), others.begin() + static_cast<std::ptrdiff_t>(std::min(others.size(), kShown)));
    const std::string named = fmt::format("{}{}", fmt::join(shown, ", "), others.size() > kShown ? ", ..." : "");
    const char* kind = videos ? "video" : "picture";
    if (inside.empty()) {
      throw base::UsageError(others.empty() ? "an empty folder" : fmt::format("a folder without a {} ({})", kind, named), path, hint);
    }
    if (!others.empty()) base::LogInfo(fmt::format("{}: {} left out, no {}: {}", path, others.size(), kind, named));
    std::ranges::sort(inside);
    files.insert(files.end(), inside.begin(), inside.end());
  }
  return files;
}

}  // namespace deepmad::data
