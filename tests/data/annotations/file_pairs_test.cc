#include "data/annotations/file_pairs.h"

#include <gtest/gtest.h>

#include "tests/data/pictures.h"
#include "tests/temporary_folder.h"

namespace deepmad::data {
namespace {

class PairFilesTest : public testing::Test {
 protected:
  std::string Failure(base::ErrorKind kind) {
    return ErrorOf(kind, [&] { PairFiles(folder_.File("a"), folder_.File("b")); });
  }
  TemporaryFolder folder_;
};

TEST_F(PairFilesTest, PairsByNameWithoutExtensionInOrder) {
  for (const char* name : {"a/2.jpg", "a/10.JPEG", "a/.hidden", "b/10.png", "b/2.png", "b/folder/3.png"}) folder_.Write(name, "");
  const std::vector<FilePair> pairs = PairFiles(folder_.File("a"), folder_.File("b"));
  ASSERT_EQ(pairs.size(), 2);
  EXPECT_EQ(pairs[0].first, folder_.File("a/10.JPEG"));
  EXPECT_EQ(pairs[0].second, folder_.File("b/10.png"));
  EXPECT_EQ(pairs[1].first, folder_.File("a/2.jpg"));
}

TEST_F(PairFilesTest, NamesAFileWithoutPartnerOnEitherSide) {
  for (const char* name : {"a/1.jpg", "a/2.jpg", "a/3.jpg", "b/2.png"}) folder_.Write(name, "");
  std::string message = Failure(base::ErrorKind::kFailed);
  for (const char* part : {"no file of this name in", "(2 such in all)", "a/1.jpg"}) ExpectContains(message, part);
  for (const char* name : {"b/1.png", "b/3.png", "b/4.png"}) folder_.Write(name, "");
  ExpectContains(Failure(base::ErrorKind::kFailed), "b/4.png");
}

TEST_F(PairFilesTest, NamesTwoFilesOfOneName) {
  for (const char* name : {"a/1.jpg", "a/1.png", "b/1.png"}) folder_.Write(name, "");
  ExpectContains(Failure(base::ErrorKind::kFailed), "two files of one name");
}

TEST_F(PairFilesTest, NamesAnAbsentAndAnEmptyFolder) {
  ExpectContains(Failure(base::ErrorKind::kUsage), "no such folder: " + folder_.File("a"));
  folder_.Write("a/.hidden", "");
  ExpectContains(Failure(base::ErrorKind::kUsage), "an empty folder: " + folder_.File("a"));
}

}  // namespace
}  // namespace deepmad::data
