#include "base/nearest.h"

#include <gtest/gtest.h>

namespace deepmad::base {
namespace {

TEST(NearestName, CountsInsertDeleteSubstituteAndSwapAsOne) {
  const std::vector<std::string> names = {"epochs", "batch_size", "workers"};
  EXPECT_EQ(NearestName("epohcs", names), "epochs");
  EXPECT_EQ(NearestName("epoch", names), "epochs");
  EXPECT_EQ(NearestName("epochss", names), "epochs");
  EXPECT_EQ(NearestName("bathc_sizes", names), "batch_size");
}

TEST(NearestName, GivesNothingForANameThatIsFarFromAll) {
  EXPECT_EQ(NearestName("momentum", {"epochs", "batch_size"}), "");
  EXPECT_EQ(NearestName("abc", {"xyz"}), "");
  EXPECT_EQ(NearestName("x", {}), "");
}

TEST(NearestName, AllowsMoreErrorsInLongNames) { EXPECT_EQ(NearestName("dw_se_botelnek", {"dw_se_bottleneck"}), "dw_se_bottleneck"); }

TEST(NearestName, PrefersTheClosest) { EXPECT_EQ(NearestName("cov", {"coco", "conv"}), "conv"); }

TEST(UnknownName, NamesTheNearestAndAllKnown) {
  const Error error = UnknownName("block type", "botleneck", {"basic", "bottleneck"}, "net.yaml:7");
  EXPECT_EQ(error.kind(), ErrorKind::kUsage);
  EXPECT_STREQ(error.what(), "unknown block type 'botleneck': net.yaml:7: did you mean 'bottleneck'? known: basic, bottleneck");
}

TEST(UnknownName, WithoutANearOneStillListsTheKnown) {
  EXPECT_EQ(UnknownName("dataset", "abcdef", {"synthetic"}, "").hint(), "known: synthetic");
  EXPECT_EQ(UnknownName("dataset", "abcdef", {}, "").hint(), "none is known");
}

}  // namespace
}  // namespace deepmad::base
