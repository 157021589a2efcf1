#include "train/report/append_file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>

#include "base/atomic_file.h"
#include "base/error.h"
#include "tests/temporary_folder.h"

namespace deepmad::train {
namespace {

TEST(AppendFile, GoesOnBehindWhatIsThere) {
  const TemporaryFolder folder;
  AppendFile(folder.File("a")).Append("one ");
  AppendFile file(folder.File("a"));
  EXPECT_FALSE(file.was_empty());
  file.Append("two");
  file.Sync();
  EXPECT_EQ(base::ReadFile(folder.File("a")), "one two");
}

// A limit on the size of files stands for a disk with room for a part of the piece.
TEST(AppendFile, APieceThatDoesNotFitIsNotThereAtAll) {
  const TemporaryFolder folder;
  AppendFile file(folder.File("a"));
  file.Append("whole\n");
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit low{9, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &low), 0);
  EXPECT_THROW(file.Append("too long\n"), base::Error);
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(base::ReadFile(folder.File("a")), "whole\n");
  file.Append("again\n");
  EXPECT_EQ(base::ReadFile(folder.File("a")), "whole\nagain\n");
}

}  // namespace
}  // namespace deepmad::train
