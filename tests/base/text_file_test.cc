#include "base/text_file.h"

#include <gtest/gtest.h>

#include "base/config/config.h"
#include "base/error.h"
#include "tests/temporary_folder.h"

namespace deepmad::base {
namespace {

const std::string kMark(kByteOrderMark);

TEST(TextFile, AByteOrderMarkIsNoPartOfTheText) {
  const TemporaryFolder folder;
  EXPECT_EQ(ReadTextFile(folder.Write("plain", "a\nb")), "a\nb");
  EXPECT_EQ(ReadTextFile(folder.Write("marked", kMark + "a\nb")), "a\nb");
  EXPECT_EQ(ReadTextFile(folder.Write("inside", "a" + kMark)), "a" + kMark);
  EXPECT_EQ(ReadTextFile(folder.Write("empty", kMark)), "");
}

TEST(TextFile, WideEncodingsAreNamed) {
  const TemporaryFolder folder;
  for (const std::string& start : {std::string("\xFF\xFE"
                                               "a\0",
                                               4),
                                   std::string("\xFE\xFF\0a", 4), std::string("\0\0\xFE\xFF", 4)}) {
    const std::string path = folder.Write("wide", start);
    try {
      ReadTextFile(path);
      ADD_FAILURE() << "was read";
    } catch (const Error& error) {
      EXPECT_STREQ(error.what(), ("not a text in UTF-8 but in UTF-16 or UTF-32: " + path + ": save it as UTF-8").c_str());
    }
  }
}

TEST(TextFile, AConfigurationAndWhatItIncludesMayHaveMarks) {
  const TemporaryFolder folder;
  folder.Write("part.yaml", kMark + "a: 1\n");
  const Config config = Config::FromFile(folder.Write("run.yaml", kMark + "include: part.yaml\nb: 2\n"));
  EXPECT_EQ(config.GetInt("a", 0, 9), 1);
  EXPECT_EQ(config.GetInt("b", 0, 9), 2);
}

}  // namespace
}  // namespace deepmad::base
