#include "base/config/config_difference.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace deepmad::base {
namespace {

void ExpectDifference(const std::string& first, const std::string& second, const ConfigDifference& expected) {
  SCOPED_TRACE(first + " / " + second);
  const std::optional<ConfigDifference> found = FirstDifference(first, second);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->key, expected.key);
  EXPECT_EQ(found->first, expected.first);
  EXPECT_EQ(found->second, expected.second);
}

TEST(ConfigDifference, NamesTheKeyAndBothValues) {
  ExpectDifference("a: 1\nb: {c: 2, d: 3}", "a: 1\nb: {c: 2, d: 4}", {"b.d", "3", "4"});
  ExpectDifference("a: [1, 2, {x: y}]", "a: [1, 2, {x: z}]", {"a.2.x", "y", "z"});
  ExpectDifference("a: {b: 1}", "a: [1]", {"a", "a mapping", "a list"});
  ExpectDifference("a: {b: 1}", "a: null", {"a", "a mapping", "null"});
  ExpectDifference("a: 3", "a: '3'", {"a", "3", "'3'"});
}

TEST(ConfigDifference, AKeyOfOneAloneIsAbsentInTheOther) {
  ExpectDifference("a: 1\nb: 2", "a: 1", {"b", "2", "absent"});
  ExpectDifference("a: {x: 1}", "a: {x: 1, y: ~}", {"a.y", "absent", "null"});
  ExpectDifference("a: [1]", "a: [1, 2]", {"a.1", "absent", "2"});
}

TEST(ConfigDifference, OrderAndFormOfTheTextDoNotCount) {
  EXPECT_FALSE(FirstDifference("a: 1\nb: {c: [1, 2]}", "b:\n  c:\n    - 1\n    - 2\na: 1\n").has_value());
  EXPECT_FALSE(FirstDifference("{}", "{}").has_value());
}

TEST(ConfigDifference, ATextThatIsNoConfigurationIsRefused) { EXPECT_THROW(FirstDifference("a: 1", "a: ["), Error); }

}  // namespace
}  // namespace deepmad::base
