#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "base/config/config.h"
#include "base/error.h"

namespace deepmad::base {
namespace {

Config Typed(const std::string& assignment) {
  Config config = Config::FromText("{}");
  config.Override(assignment);
  return config;
}

TEST(ConfigTyped, ATextIsWhatWasTyped) {
  for (const char* text : {"/x/my data #2",
                           "/x/#2",
                           "a: b",
                           "it's",
                           "'tis",
                           "\"my\" run",
                           "say \"hello\"",
                           "*.jpg",
                           "&a",
                           "!x",
                           "@home",
                           "%x",
                           "`x`",
                           "| x",
                           "> x",
                           "- a",
                           "? a",
                           "a, b",
                           "x=y",
                           "C:\\data\\new",
                           "$HOME",
                           "\xE6\xA2\xA8",
                           " /begins with a blank",
                           "/ends with one "}) {
    const Config config = Typed(std::string("root=") + text);
    EXPECT_EQ(config.GetString("root"), text);
    EXPECT_EQ(Config::FromText(config.Resolved()).GetString("root"), text) << config.Resolved();
  }
}

TEST(ConfigTyped, QuotesAroundTheWholeAreYaml) {
  EXPECT_EQ(Typed("a='my data #2'").GetString("a"), "my data #2");
  EXPECT_EQ(Typed("a='it''s'").GetString("a"), "it's");
  EXPECT_EQ(Typed(R"(a="a \"b\" c")").GetString("a"), "a \"b\" c");
  EXPECT_EQ(Typed("a=\"~/x\"").GetString("a"), "~/x");
  EXPECT_EQ(Typed("a=''").GetString("a"), "");
  EXPECT_THROW(Typed("a='3'").GetInt("a", 0, 9), Error);  // quoted: no number
  EXPECT_EQ(Typed("a=\"one\" # \"two\"").GetString("a"), "\"one\" # \"two\"");
}

TEST(ConfigTyped, NumbersBooleansAndNullKeepTheirMeaning) {
  EXPECT_EQ(Typed("a= 3 ").GetInt("a", 0, 9), 3);
  EXPECT_EQ(Config::FromText(Typed("a= 3 ").Resolved()).GetInt("a", 0, 9), 3);
  EXPECT_EQ(Typed("a=1e-3").GetDouble("a", 0, 1), 1e-3);
  EXPECT_TRUE(Typed("a=true ").GetBool("a", false));
  EXPECT_EQ(Typed("a=007").GetString("a"), "007");
  for (const char* null : {"", " ", "~", "null", "Null", "NULL"}) EXPECT_TRUE(Typed(std::string("a=") + null).IsNull("a")) << null;
}

TEST(ConfigTyped, BracketsAndSeveralLinesAreYaml) {
  EXPECT_EQ(Typed("a=[1, 2] # two").GetInts("a", {}, 0, 9), (std::vector<int64_t>{1, 2}));
  EXPECT_EQ(Typed("a= {b: 'c #d'}").Section("a").GetString("b"), "c #d");
  EXPECT_EQ(Typed("a=\nb: 1\nc: 2").Section("a").GetInt("c", 0, 9), 2);
}

TEST(ConfigTyped, TheHomeFolderIsFilledIn) {
  const char* const before = std::getenv("HOME");
  const std::string home = before == nullptr ? "" : before;
  ::setenv("HOME", "/home of/me", 1);
  EXPECT_EQ(Typed("root=~/my data #2").GetString("root"), "/home of/me/my data #2");
  EXPECT_EQ(Typed("roots=[~/a, '~/b']").GetStrings("roots", {}), (std::vector<std::string>{"/home of/me/a", "~/b"}));
  EXPECT_EQ(Config::FromText("root: ~/data").GetString("root"), "/home of/me/data");
  EXPECT_EQ(Typed("root=~root/x").GetString("root"), "/root/x");
  EXPECT_EQ(Typed("root=~nobody of that name/x").GetString("root"), "~nobody of that name/x");
  EXPECT_EQ(Typed("root=a~/x").GetString("root"), "a~/x");
  EXPECT_EQ(Typed("root=~x").GetString("root"), "~x");
  ::unsetenv("HOME");
  EXPECT_EQ(Typed("root=~/x").GetString("root"), "~/x");
  if (before != nullptr) ::setenv("HOME", home.c_str(), 1);
}

}  // namespace
}  // namespace deepmad::base
