#include "data/annotations/file_pairs.h"

#include <filesystem>
#include <map>
#include <system_error>

#include "base/error.h"

namespace deepmad::data {
namespace {

namespace fs = std::filesystem;

// By name without extension.
std::map<std::string, std::string> FilesByStem(const std::string& folder) {
  std::error_code error;
  if (!fs::is_directory(folder, error))
    throw base::UsageError("no such folder", folder, "pictures and labels are two folders of files of the same names");
  std::map<std::string, std::string> files;
  try {
    for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
      const fs::path& path = entry.path();
      if (path.filename().native().starts_with('.') || entry.is_directory(error)) continue;
      const auto [other, is_new] = files.emplace(path.stem().native(), path.native());
      if (!is_new) throw base::FailedError("two files of one name: the other is " + other->second, path.native(), "remove one of them");
    }
  } catch (const fs::filesystem_error& e) {
    throw base::FailedError("cannot list: " + e.code().message(), folder);
  }
  if (files.empty()) throw base::UsageError("an empty folder", folder, "pictures and labels are two folders of files of the same names");
  return files;
}

void CheckPartners(const std::map<std::string, std::string>& files, const std::map<std::string, std::string>& partners,
                   const std::string& partner_folder) {
  const std::string* alone = nullptr;
  int64_t count = 0;
  for (const auto& [stem, path] : files) {
    if (partners.contains(stem)) continue;
    if (count++ == 0) alone = &path;
  }
  if (count == 0) return;
  throw base::FailedError("no file of this name in " + partner_folder + " (" + std::to_string(count) + " such in all)", *alone,
                          "each file needs its partner");
}

}  // namespace

std::vector<FilePair> PairFiles(const std::string& first_folder, const std::string& second_folder) {
  const std::map<std::string, std::string> firsts = FilesByStem(first_folder), seconds = FilesByStem(second_folder);
  CheckPartners(firsts, seconds, second_folder);
  CheckPartners(seconds, firsts, first_folder);
  std::vector<FilePair> pairs;
  pairs.reserve(firsts.size());
  for (auto first = firsts.begin(), second = seconds.begin(); first != firsts.end(); ++first, ++second) {
    pairs.push_back({first->second, second->second});
  }
  return pairs;
}

}  // namespace deepmad::data
