#include "base/build_info.h"

#include <cstdlib>
#include <filesystem>

#include "base/error.h"
#include "build_stamp.h"  // generated: kVersion, kGitRevision

namespace deepmad::base {

std::string Version() { return build_stamp::kVersion; }
std::string GitRevision() { return build_stamp::kGitRevision; }

std::string ConfigsFolder() {
  namespace fs = std::filesystem;
  std::error_code ignored;
  if (const char* chosen = std::getenv("DEEPMAD_CONFIGS"); chosen != nullptr && *chosen != '\0') {
    if (fs::is_directory(chosen, ignored)) return chosen;
    throw FailedError("DEEPMAD_CONFIGS names no folder", chosen);
  }
  const fs::path binary = fs::read_symlink("/proc/self/exe", ignored);
  const fs::path installed = binary.parent_path().parent_path() / "share" / "deepmad" / "configs";
  if (fs::is_directory(installed, ignored)) return installed.string();
  if (fs::is_directory(DEEPMAD_SOURCE_CONFIGS, ignored)) return DEEPMAD_SOURCE_CONFIGS;
  throw FailedError("the folder of configurations is missing", installed.string(), "set DEEPMAD_CONFIGS to it");
}

}  // namespace deepmad::base
