#include "base/folder_lock.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

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

TEST(FolderLock, WaitsUntilTheOtherLetsGo) {
  const TemporaryFolder folder;
  auto lock = std::make_unique<FolderLock>(folder.path());
  std::atomic<bool> released = false, released_before = false;
  std::thread waiting([&] {
    const FolderLock second = FolderLock::WaitFor(folder.path());
    released_before = released.load();
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  released = true;
  lock.reset();
  waiting.join();
  EXPECT_TRUE(released_before);
  EXPECT_NO_THROW(FolderLock::WaitFor(folder.path()));
}

TEST(FolderLock, AMissingFolderIsNamed) {
  const TemporaryFolder folder;
  EXPECT_THROW(FolderLock(folder.File("none")), Error);
}

}  // namespace
}  // namespace deepmad::base
