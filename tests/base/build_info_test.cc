#include "base/build_info.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <regex>

#include "base/error.h"
#include "tests/temporary_folder.h"

namespace deepmad::base {
namespace {

// Sets DEEPMAD_CONFIGS for one test.
class ConfigsVariable {
 public:
  explicit ConfigsVariable(const std::string& value) {
    if (const char* old = std::getenv("DEEPMAD_CONFIGS")) old_ = old;
    ::setenv("DEEPMAD_CONFIGS", value.c_str(), 1);
  }
  ~ConfigsVariable() {
    if (old_) {
      ::setenv("DEEPMAD_CONFIGS", old_->c_str(), 1);
    } else {
      ::unsetenv("DEEPMAD_CONFIGS");
    }
  }
  ConfigsVariable(const ConfigsVariable&) = delete;
  ConfigsVariable& operator=(const ConfigsVariable&) = delete;

 private:
  std::optional<std::string> old_;
};

TEST(BuildInfo, VersionIsThreeNumbers) { EXPECT_TRUE(std::regex_match(Version(), std::regex(R"(\d+\.\d+\.\d+)"))) << Version(); }

TEST(BuildInfo, RevisionIsAHashOrUnknown) {
  EXPECT_TRUE(std::regex_match(GitRevision(), std::regex("[0-9a-f]{7,40}(-dirty)?|unknown"))) << GitRevision();
}

TEST(ConfigsFolder, IsTheChosenOne) {
  const TemporaryFolder folder;
  const ConfigsVariable variable(folder.path());
  EXPECT_EQ(ConfigsFolder(), folder.path());
}

TEST(ConfigsFolder, AChosenFolderThatIsMissingIsAFailure) {
  const ConfigsVariable variable("/nonexistent/configs");
  try {
    ConfigsFolder();
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.where(), "/nonexistent/configs");
  }
}

TEST(ConfigsFolder, WithoutAChoiceIsTheOneOfTheSourceTree) {
  const ConfigsVariable variable("");
  EXPECT_EQ(std::filesystem::path(ConfigsFolder()).filename(), "configs");
}

}  // namespace
}  // namespace deepmad::base
