#include "base/registry.h"

#include <gtest/gtest.h>

namespace deepmad::base {

using ShapeRegistry = Registry<int(int)>;
template <>
const char* ShapeRegistry::kind() {
  return "shape";
}

namespace {

int Square(int side) { return side * side; }
int Line(int side) { return side; }
DEEPMAD_REGISTER(ShapeRegistry, "square", "a square", Square);
DEEPMAD_REGISTER(ShapeRegistry, "line", "a line", Line);

TEST(Registry, CreatesByName) {
  EXPECT_EQ(ShapeRegistry::Get().Create("square", 3), 9);
  EXPECT_EQ(ShapeRegistry::Get().Find("line").summary, "a line");
}

TEST(Registry, ListsNamesSorted) { EXPECT_EQ(ShapeRegistry::Get().Names(), (std::vector<std::string>{"line", "square"})); }

TEST(Registry, AnUnknownNameIsAUsageErrorThatNamesTheNearest) {
  try {
    ShapeRegistry::Get().Find("sqare", "x.yaml:1");
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "unknown shape 'sqare': x.yaml:1: did you mean 'square'? known: line, square");
  }
}

TEST(Registry, ADuplicateNameIsABug) { EXPECT_THROW(ShapeRegistry::Get().Register("line", "", Line), std::logic_error); }

}  // namespace
}  // namespace deepmad::base
