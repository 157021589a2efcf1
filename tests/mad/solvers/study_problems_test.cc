// The problems of configs/study can be solved.
#include <gtest/gtest.h>

#include <filesystem>

#include "base/build_info.h"
#include "mad/design/design.h"

namespace deepmad::mad {
namespace {

TEST(StudyProblemsTest, EachHasADesign) {
  int problems = 0;
  for (const auto& entry : std::filesystem::directory_iterator(base::ConfigsFolder() + "/study")) {
    const base::Config study = base::Config::FromFile(entry.path().string());
    EXPECT_TRUE(Design(ProblemFromConfig(study.Section("problem"))).IsUsable()) << entry.path();
    ++problems;
  }
  EXPECT_EQ(problems, 2);
}

}  // namespace
}  // namespace deepmad::mad
