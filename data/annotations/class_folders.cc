#include "data/annotations/class_folders.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "base/error.h"

namespace deepmad::data {
namespace {

namespace fs = std::filesystem;

bool IsHidden(const fs::path& path) { return path.filename().native().starts_with('.'); }

// A file, or a link that leads nowhere; not a folder, a device or a pipe.
bool MayBePicture(const fs::directory_entry& entry) {
  std::error_code error;
  const fs::file_status target = entry.status(error);
  return fs::is_regular_file(target) || (entry.is_symlink() && !fs::exists(target));
}

std::vector<std::string> ListFiles(const fs::path& folder) {
  std::vector<std::string> files;
  const size_t prefix = folder.native().size() + 1;
  for (auto it = fs::recursive_directory_iterator(folder); it != fs::recursive_directory_iterator(); ++it) {
    if (IsHidden(it->path())) {
      it.disable_recursion_pending();
    } else if (MayBePicture(*it)) {
      files.push_back(it->path().native().substr(prefix));
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

std::vector<std::string> ListClasses(const std::string& split_folder) {
  std::error_code error;
  if (!fs::is_directory(split_folder, error)) {
    throw base::UsageError("no such folder", split_folder,
                           "the layout is ROOT/train/CLASS/PICTURE and ROOT/val/CLASS/PICTURE; check data.root");
  }
  std::vector<std::string> classes;
  try {
    for (const fs::directory_entry& entry : fs::directory_iterator(split_folder)) {
      if (!IsHidden(entry.path()) && entry.is_directory(error)) classes.push_back(entry.path().filename().native());
    }
  } catch (const fs::filesystem_error& e) {
    throw base::FailedError("cannot list: " + e.code().message(), split_folder);
  }
  if (classes.empty())
    throw base::UsageError("no class folders", split_folder, "the layout is ROOT/train/CLASS/PICTURE and ROOT/val/CLASS/PICTURE");
  std::sort(classes.begin(), classes.end());
  return classes;
}

std::vector<ClassFile> ListClassFiles(const std::string& split_folder, const std::vector<std::string>& classes) {
  std::vector<ClassFile> all;
  for (size_t label = 0; label < classes.size(); ++label) {
    const std::string folder = split_folder + "/" + classes[label];
    std::vector<std::string> files;
    try {
      files = ListFiles(folder);
    } catch (const fs::filesystem_error& e) {
      throw base::FailedError("cannot list: " + e.code().message(), folder);
    }
    if (files.empty()) throw base::UsageError("a class without images", folder, "add images or remove the folder");
    for (std::string& file : files) all.push_back({static_cast<int64_t>(label), std::move(file)});
  }
  return all;
}

}  // namespace deepmad::data
