#include "base/json.h"

#include <gtest/gtest.h>

#include <limits>

#include "base/error.h"

namespace deepmad::base {
namespace {

TEST(JsonText, KeepsTheOrderOfKeysAndEndsWithANewline) {
  const Json document = {{"z", 1}, {"a", {1, 2}}, {"m", nullptr}};
  EXPECT_EQ(JsonText(document), "{\n  \"z\": 1,\n  \"a\": [\n    1,\n    2\n  ],\n  \"m\": null\n}\n");
  EXPECT_EQ(JsonLine(document), "{\"z\":1,\"a\":[1,2],\"m\":null}");
}

TEST(JsonText, ANumberThatIsNotFiniteIsNamed) {
  Json document;
  document["metrics"]["loss"] = {1.0, std::numeric_limits<double>::quiet_NaN()};
  try {
    JsonText(document);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.where(), "metrics.loss[1]");
  }
  EXPECT_THROW(JsonLine(Json(std::numeric_limits<double>::infinity())), Error);
}

TEST(JsonText, DoublesComeBackExactly) {
  const double value = 0.1 + 0.2;
  EXPECT_EQ(Json::parse(JsonLine(Json(value))).get<double>(), value);
}

TEST(JsonText, TextThatIsNotUtf8GetsAReplacementCharacter) { EXPECT_EQ(JsonLine(Json("a\xff")), "\"a\xef\xbf\xbd\""); }

}  // namespace
}  // namespace deepmad::base
