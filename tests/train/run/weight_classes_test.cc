#include "train/run/weight_classes.h"

#include <gtest/gtest.h>

#include <string>

#include "base/error.h"

namespace deepmad::train {
namespace {

models::WeightsFile Knowing(const std::string& classes) { return {{}, {{"classes", classes}}}; }

std::string Refusal(const std::string& classes, const std::vector<std::string>& of_data) {
  try {
    CheckSameClasses(Knowing(classes), of_data, "best.safetensors");
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), base::ErrorKind::kUsage);
    return error.what();
  }
  return "";
}

const std::string kHint = ": best.safetensors: give the data that the weights were trained for, or train a new head (--head drop)";

TEST(WeightClasses, TheFirstClassThatDiffersIsNamed) {
  EXPECT_EQ(Refusal(R"(["apple", "pear"])", {"apple", "pear"}), "");
  EXPECT_EQ(Refusal(R"(["apple", "pear", "fig"])", {"apple", "fig", "pear"}),
            "class 1 is 'pear' for the weights and 'fig' in the data" + kHint);
  EXPECT_EQ(Refusal(R"(["apple"])", {"Apple"}), "class 0 is 'apple' for the weights and 'Apple' in the data" + kHint);
  EXPECT_EQ(Refusal(R"(["apple", "pear"])", {"apple"}), "the weights know 2 classes, the data 1" + kHint);
}

TEST(WeightClasses, NumbersInPlaceOfNamesFitAnyName) {
  EXPECT_EQ(Refusal(R"(["class 0", "class 1"])", {"apple", "pear"}), "");
  EXPECT_EQ(Refusal(R"(["apple", "pear"])", {"class 1", "class 2"}), "");
  EXPECT_NE(Refusal(R"(["apple", "pear"])", {"class 2", "class 1"}), "");  // names of folders, sorted otherwise
}

TEST(WeightClasses, WeightsWithoutNamesAreNotChecked) {
  EXPECT_NO_THROW(CheckSameClasses({}, {"apple"}, ""));
  for (const char* text : {"", "[", "{}", "[1, 2]", "null"}) {
    EXPECT_TRUE(ClassesOf(Knowing(text)).empty()) << text;
    EXPECT_EQ(Refusal(text, {"apple"}), "") << text;
  }
  EXPECT_EQ(ClassesOf(Knowing(R"(["a", "b"])")), (std::vector<std::string>{"a", "b"}));
}

}  // namespace
}  // namespace deepmad::train
