#include "data/annotations/class_folders.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/data/pictures.h"
#include "tests/temporary_folder.h"

namespace deepmad::data {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> Paths(const std::vector<ClassFile>& files) {
  std::vector<std::string> paths;
  for (const ClassFile& file : files) paths.push_back(std::to_string(file.label) + " " + file.path);
  return paths;
}

TEST(ClassFolders, RanksClassesAndFilesInByteOrder) {
  const TemporaryFolder root;
  for (const char* name : {"b/2.png", "b/10.png", "B/x", "a/sub/y.JPEG", "a/z", ".hidden/q", "a/.hidden"}) root.Write(name, "");
  root.Write("README", "a file beside the classes");
  const std::vector<std::string> classes = ListClasses(root.path());
  EXPECT_EQ(classes, (std::vector<std::string>{"B", "a", "b"}));
  EXPECT_EQ(Paths(ListClassFiles(root.path(), classes)), (std::vector<std::string>{"0 x", "1 sub/y.JPEG", "1 z", "2 10.png", "2 2.png"}));
}

TEST(ClassFolders, FollowsLinksToClassesAndFilesButNoLoops) {
  const TemporaryFolder root, elsewhere;
  root.Write("a/real.png", "");
  elsewhere.Write("cat/1.png", "");
  fs::create_symlink(elsewhere.path() + "/cat", root.path() + "/b");
  fs::create_symlink(elsewhere.path() + "/cat/1.png", root.path() + "/a/link.png");
  fs::create_symlink(root.path(), root.path() + "/a/loop");
  fs::create_symlink("self", root.path() + "/self");
  const std::vector<std::string> classes = ListClasses(root.path());
  EXPECT_EQ(classes, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(Paths(ListClassFiles(root.path(), classes)), (std::vector<std::string>{"0 link.png", "0 real.png", "1 1.png"}));
}

TEST(ClassFolders, CountsADanglingLinkAsAPictureSoThatItIsMissed) {
  const TemporaryFolder root;
  fs::create_directory(root.path() + "/a");
  fs::create_symlink("absent.png", root.path() + "/a/dangling.png");
  EXPECT_EQ(Paths(ListClassFiles(root.path(), {"a"})), (std::vector<std::string>{"0 dangling.png"}));
}

TEST(ClassFolders, NamesAClassWithoutImages) {
  const TemporaryFolder root;
  root.Write("a/1.png", "");
  fs::create_directory(root.path() + "/empty");
  const std::string message = ErrorOf(base::ErrorKind::kUsage, [&] { ListClassFiles(root.path(), {"a", "empty"}); });
  ExpectContains(message, "a class without images: " + root.path() + "/empty");
}

TEST(ClassFolders, NamesAFolderThatIsAbsentOrHoldsNoClasses) {
  const TemporaryFolder root;
  ExpectContains(ErrorOf(base::ErrorKind::kUsage, [&] { ListClasses(root.path() + "/train"); }),
                 "no such folder: " + root.path() + "/train");
  ExpectContains(ErrorOf(base::ErrorKind::kUsage, [&] { ListClasses(root.path()); }), "no class folders: " + root.path());
}

}  // namespace
}  // namespace deepmad::data
