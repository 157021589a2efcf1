// 300 random problems in shards that run side by side; bench_random_problems goes on with more. No time is asserted: with little of it the
// solver may find nothing, but it must not say that nothing is there.
#include "tests/mad/random_problem.h"

#include <gtest/gtest.h>

namespace deepmad::mad {
namespace {

constexpr uint64_t kProblemsAShard = 75;
constexpr double kSeconds = 0.1;

void ExpectSoundAnswers(uint64_t shard) {
  int designs = 0, missed = 0, planted = 0;
  for (uint64_t i = 0; i < kProblemsAShard; ++i) {
    const uint64_t number = shard * kProblemsAShard + i;
    const RandomProblem random = MakeRandomProblem(number, kSeconds);
    const Answer answer = SolveAndCheck(random);
    EXPECT_NE(answer.kind, AnswerKind::kWrong) << "random problem " << number << ": " << answer.text;
    EXPECT_FALSE(answer.text.empty());
    designs += answer.kind == AnswerKind::kDesign ? 1 : 0;
    missed += answer.kind == AnswerKind::kMissed ? 1 : 0;
    planted += random.planted ? 1 : 0;
  }
  EXPECT_GE(planted, 20) << "problems known to have a structure";
  EXPECT_LE(missed, planted / 4);
  EXPECT_GE(designs, planted - missed);
}

TEST(RandomProblemsFirstTest, GetADesignOrAClearAnswer) { ExpectSoundAnswers(0); }
TEST(RandomProblemsSecondTest, GetADesignOrAClearAnswer) { ExpectSoundAnswers(1); }
TEST(RandomProblemsThirdTest, GetADesignOrAClearAnswer) { ExpectSoundAnswers(2); }
TEST(RandomProblemsFourthTest, GetADesignOrAClearAnswer) { ExpectSoundAnswers(3); }

TEST(RandomProblemsTest, AreTheSameForANumber) {
  EXPECT_EQ(MakeRandomProblem(7, 0.1).yaml, MakeRandomProblem(7, 0.1).yaml);
  EXPECT_NE(MakeRandomProblem(7, 0.1).yaml, MakeRandomProblem(8, 0.1).yaml);
}

}  // namespace
}  // namespace deepmad::mad
