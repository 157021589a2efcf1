#include "base/folder_lock.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>

#include "base/error.h"
#include "tests/temporary_folder.h"

namespace deepmad::base {
namespace {

TEST(FolderLock, KeepsASecondOneOutAndLeavesNoFile) {
  const TemporaryFolder folder;
  auto lock = std::make_unique<FolderLock>(folder.path());
  try {
    const FolderLock second(folder.path());
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_EQ(error.where(), folder.path());
  }
  lock.reset();
  const FolderLock third(folder.path());
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(FolderLock, AMissingFolderIsNamed) {
  const TemporaryFolder folder;
  EXPECT_THROW(FolderLock(folder.File("none")), Error);
}

}  // namespace
}  // namespace deepmad::base
