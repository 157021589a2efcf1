#include "data/annotations/class_names.h"

#include <gtest/gtest.h>

#include "tests/data/pictures.h"
#include "tests/temporary_folder.h"

namespace deepmad::data {
namespace {

TEST(ClassList, ReadsATableByItsColumnOfNames) {
  const TemporaryFolder folder;
  const std::string path = folder.Write("objectInfo150.txt", "Idx\tRatio\tName\r\n1\t0.15\twall\r\n2\t0.1\tbuilding, edifice\r\n");
  EXPECT_EQ(ReadClassNames(path), (std::vector<std::string>{"wall", "building, edifice"}));
}

TEST(ClassList, ReadsOneNameALine) {
  const TemporaryFolder folder;
  EXPECT_EQ(ReadClassNames(folder.Write("names.txt", "road\n\nside walk")), (std::vector<std::string>{"road", "side walk"}));
}

TEST(ClassList, AByteOrderMarkIsNoPartOfTheFirstName) {
  const TemporaryFolder folder;
  EXPECT_EQ(ReadClassNames(folder.Write("names.txt", "\xEF\xBB\xBFroad\r\nside walk\r\n")),
            (std::vector<std::string>{"road", "side walk"}));
  EXPECT_EQ(ReadClassNames(folder.Write("table.txt", "\xEF\xBB\xBFName\tIdx\nwall\t1\n")), std::vector<std::string>{"wall"});
}

TEST(ClassList, NamesABrokenFile) {
  const TemporaryFolder folder;
  const auto failure = [&](const std::string& content) {
    const std::string path = folder.Write("names.txt", content);
    return ErrorOf(base::ErrorKind::kFailed, [&] { ReadClassNames(path); });
  };
  ExpectContains(failure("\n"), "no class in the list: ");
  ExpectContains(failure("Idx\tRatio\n1\t2\n"), "without a column 'Name': ");
  ExpectContains(failure("Idx\tName\n1\twall\n2\n"), "names.txt:3");
}

}  // namespace
}  // namespace deepmad::data
