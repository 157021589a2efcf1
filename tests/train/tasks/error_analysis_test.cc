#include "train/run_folder/error_analysis_page.h"

#include <gtest/gtest.h>

#include "base/config/config.h"

namespace deepmad::train {
namespace {

TEST(Findings, CountsAndKeepsTheMostConfidentMistakes) {
  Findings findings;
  for (int64_t i = 0; i < 100; ++i) findings.Add(i, i % 3, i % 2, 3, 0.01 * static_cast<double>(i / 2));
  EXPECT_EQ(findings.count(2, 0), 17);
  EXPECT_EQ(findings.count(0, 0), 17);
  ASSERT_EQ(findings.worst().size(), Findings::kWorst);
  EXPECT_EQ(findings.worst()[0].sample, 98);  // 99 is right, and 98 as sure
  for (size_t i = 1; i < findings.worst().size(); ++i) {
    EXPECT_LE(findings.worst()[i].confidence, findings.worst()[i - 1].confidence);
    EXPECT_NE(findings.worst()[i].label, findings.worst()[i].predicted);
  }
}

std::unique_ptr<data::Dataset> MadeUp(int classes) {
  return data::DatasetRegistry::Get().Create(
      "synthetic", base::Config::FromText("{validation_samples: 60, height: 12, width: 12, classes: " + std::to_string(classes) + "}"),
      data::Split::kValidation);
}

TEST(Findings, OfFewClassesTheWholeMatrixIsShown) {
  Findings findings;
  findings.Add(3, 1, 0, 4, 0.9);
  findings.Add(4, 2, 2, 4, 0.8);
  const FindingsPage page = DrawFindings(findings, *MadeUp(4));
  ASSERT_EQ(page.confusion.rows.size(), 4U);
  EXPECT_EQ(page.confusion.rows[1][1], "1");
  EXPECT_TRUE(page.confused.rows.empty());
  ASSERT_EQ(page.pictures.size(), 1U);
  EXPECT_NE(page.pictures[0].caption.find("(90 %)"), std::string::npos);
  EXPECT_EQ(page.pictures[0].jpeg.substr(0, 2), "\xff\xd8");
}

TEST(Findings, OfManyClassesThePairsAreShown) {
  Findings findings;
  for (int i = 0; i < 3; ++i) findings.Add(i, 7, 21, 30, 0.5);
  findings.Add(5, 7, 7, 30, 0.5);
  findings.Add(6, 8, 9, 30, 0.5);
  const FindingsPage page = DrawFindings(findings, *MadeUp(30));
  EXPECT_TRUE(page.confusion.rows.empty());
  ASSERT_EQ(page.confused.rows.size(), 2U);
  EXPECT_EQ(page.confused.rows[0][2], "3");
  EXPECT_EQ(page.confused.rows[0][3], "75.0 %");
}

TEST(Findings, WithoutAnyThePageHasNone) { EXPECT_TRUE(DrawFindings({}, *MadeUp(4)).pictures.empty()); }

}  // namespace
}  // namespace deepmad::train
