#include "data/annotations/other_file_name.h"

#include <gtest/gtest.h>

#include "tests/temporary_folder.h"

namespace deepmad::data {
namespace {

TEST(OtherFileName, IsThatOfTheFileThatIsThere) {
  const TemporaryFolder folder;
  for (const char* name : {"cam/a.jpg", "my photo.jpg", "b.jpg", "100%.jpg"}) folder.Write(name, "");
  EXPECT_EQ(OtherFileName(folder.path(), "cam\\a.jpg"), "cam/a.jpg");
  EXPECT_EQ(OtherFileName(folder.path(), "my%20photo.jpg"), "my photo.jpg");
  EXPECT_EQ(OtherFileName(folder.path(), "train2017/b.jpg"), "b.jpg");
  EXPECT_EQ(OtherFileName(folder.path(), "C:\\data\\my%20photo.jpg"), "my photo.jpg");
  EXPECT_EQ(OtherFileName(folder.path(), "cam/a.jpg"), "") << "is there";
  EXPECT_EQ(OtherFileName(folder.path(), "100%.jpg"), "") << "is there";
  EXPECT_EQ(OtherFileName(folder.path(), "c%2"), "") << "is nowhere";
  EXPECT_EQ(OtherFileName(folder.path(), "x/"), "");
}

}  // namespace
}  // namespace deepmad::data
