// The certificate against the truth: every structure of small problems, and random structures in random boxes of large ones.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "base/build_info.h"
#include "mad/bound/branch_and_bound.h"
#include "mad/bound/dual_ascent.h"
#include "mad/problem/feasibility.h"
#include "tests/mad/bound/small_problem.h"

namespace deepmad::mad {
namespace {

// DEEPMAD_LONG_TESTS=1 runs the full numbers, some minutes of one core.
int Times(int few, int many) { return std::getenv("DEEPMAD_LONG_TESTS") ? many : few; }

TEST(SoundnessTest, TheProofEndsAtTheOptimumOfEverySmallProblem) {
  int solved = 0, infeasible = 0;
  for (uint64_t number = 0; solved + infeasible < Times(60, 200); ++number) {
    base::Random random(11, base::RandomPurpose::kSearch, 0, number);
    DesignProblem problem;
    try {
      problem = MakeSmallProblem(random);
    } catch (const base::Error&) {
      continue;  // the rules leave nothing
    }
    Evaluator evaluator(problem);
    std::optional<double> optimum;
    VisitAll(problem, [&](const Candidate& candidate) {
      const Measures measures = evaluator.Evaluate(candidate);
      if (measures.excess == 0 && (!optimum || measures.objective > *optimum)) optimum = measures.objective;
    });
    Tangents guess{std::vector<double>(problem.blocks.size(), 2.0), 8};
    ProofOptions options;
    options.gap = 0;
    const Proof proof = ProveBound(problem, std::nullopt, guess, options);
    EXPECT_TRUE(proof.complete) << number;
    ASSERT_EQ(proof.best.has_value(), optimum.has_value()) << number;
    if (!optimum) {
      ++infeasible;
      continue;
    }
    ++solved;
    const double rounding = 1e-8 * (1 + std::abs(*optimum));
    EXPECT_NEAR(proof.measures.objective, *optimum, rounding) << number;
    EXPECT_GE(proof.upper_bound, *optimum - 1e-12 * std::abs(*optimum)) << number;
    EXPECT_LE(proof.upper_bound, *optimum + rounding) << number;
  }
  EXPECT_GT(solved, 20);
}

// A box around a structure, from a single one to the whole space.
Box RandomBox(const DesignProblem& problem, const Candidate& inside, base::Random& random) {
  Box box = FullBox(problem);
  const double size = std::pow(random.Uniform(), 3);
  const auto shrink = [&](Range& range, int value, int multiple) {
    const auto toward = [&](int end) {
      return value + static_cast<int>(std::lround((end - value) * size * random.Uniform() / multiple)) * multiple;
    };
    if (range.low < range.high) range = {toward(range.low), toward(range.high)};
  };
  for (size_t i = 0; i < inside.blocks.size(); ++i) {
    BlockBox& block = box.blocks[i];
    const BlockChoice& choice = inside.blocks[i];
    shrink(block.width, choice.out_channels, problem.channel_multiple);
    shrink(block.bottleneck, choice.bottleneck_channels, problem.channel_multiple);
    shrink(block.depth, choice.depth, 1);
    if (random.Bernoulli(0.5)) {
      const auto& offered = problem.blocks[i].kernels;
      block.kernels = uint64_t{1} << (std::find(offered.begin(), offered.end(), choice.kernel) - offered.begin());
    }
  }
  return box;
}

// Budgets a little above what the structure needs, so that it is within them and they matter.
void SetBudgetsAbove(const Measures& measures, base::Random& random, DesignProblem& problem) {
  const double slack = std::pow(10, random.Uniform(-6, 0));
  for (const Budget budget : kEveryAdditive) {
    const double used = measures.used[budget];
    auto& limit = problem.budgets.*kBudgetInfos[budget].limit;
    if (!IsKnown(budget, problem)) continue;
    limit = random.Bernoulli(0.6) ? std::optional<double>(used * (1 + slack * random.Uniform())) : std::nullopt;
  }
  problem.budgets.effectiveness.reset();
  if (random.Bernoulli(0.7))
    problem.budgets.effectiveness = std::exp(measures.log_effectiveness) * (1 + slack * random.Uniform()) * (1 + 1e-12);
}

struct Checks {
  int cases = 0;
  double closest = 1e300;  // relative distance of bound and objective
};

void CheckRandomStructures(const DesignProblem& loaded, uint64_t stream, int cases, Checks& checks) {
  DesignProblem problem = WithTightRanges(loaded);
  const ProblemForms forms(problem);
  for (int i = 0; i < cases; ++i) {
    base::Random random(12, base::RandomPurpose::kSearch, stream, static_cast<uint64_t>(i));
    problem.formulation = loaded.formulation;
    const std::optional<Candidate> inside = DrawCandidate(problem, random);
    ASSERT_TRUE(inside);
    SetBudgetsAbove(Evaluator(problem).Evaluate(*inside), random, problem);
    const Measures measures = Evaluator(problem).Evaluate(*inside);
    ASSERT_EQ(measures.excess, 0);
    Box box = RandomBox(problem, *inside, random);
    ASSERT_TRUE(box.Contains(problem, *inside));

    Lagrangian lagrangian(problem, forms);
    Tangents tangents{{}, measures.used[kLayers] * random.Uniform(0.5, 2)};
    for (const BlockChoice& choice : inside->blocks) tangents.depths.push_back(choice.depth + random.Uniform(-1, 1));
    std::vector<double> multipliers;
    for (size_t m = 0; m < lagrangian.multipliers(); ++m) {
      multipliers.push_back(random.Bernoulli(0.2) ? 0 : std::abs(measures.objective) * std::pow(10, random.Uniform(-3, 0.5)));
    }
    lagrangian.Enter(box);
    double bound = lagrangian.Evaluate(multipliers, tangents, nullptr);
    EXPECT_GE(bound, measures.objective) << "case " << i << " at random multipliers";
    if (lagrangian.multipliers() > 0) {
      const DualResult best = LowerBound(lagrangian, multipliers, tangents, measures.objective, [](const Maximiser&) {});
      EXPECT_GE(best.bound, measures.objective) << "case " << i << " at the best multipliers";
      bound = best.bound;
      multipliers = best.multipliers;
    }
    Box tight;
    EXPECT_TRUE(lagrangian.Tighten(multipliers, tangents, measures.objective, tight)) << "case " << i;
    EXPECT_TRUE(tight.Contains(problem, *inside)) << "case " << i << ": cut off";
    ++checks.cases;
    checks.closest = std::min(checks.closest, (bound - measures.objective) / std::abs(measures.objective));
  }
}

TEST(SoundnessTest, NoStructureIsAboveTheBoundOfItsBox) {
  Checks checks;
  uint64_t stream = 0;
  for (const std::string name : {"classification-deepmad-r18-flops", "classification-deepmad-29m-224", "classification-mbv2-flops",
                                 "quant-mixed-7d0g", "action-recognition-e3d-x3ds-flops", "photos-64"}) {
    const std::string file = base::ConfigsFolder() + "/design/" + name + ".yaml";
    const DesignProblem problem = LoadProblem(file);
    CheckRandomStructures(problem, ++stream, Times(100, 5000), checks);
    const std::string other = problem.formulation->name == "paper" ? "reference" : "paper";
    CheckRandomStructures(LoadProblem(file, {"formulation=" + other}), ++stream, Times(100, 5000), checks);
  }
  for (uint64_t number = 0; number < static_cast<uint64_t>(Times(100, 1000)); ++number) {
    base::Random random(13, base::RandomPurpose::kSearch, 0, number);
    try {
      CheckRandomStructures(MakeSmallProblem(random), 100 + number, Times(10, 60), checks);
    } catch (const base::Error&) {
      continue;  // the rules leave nothing
    }
  }
  EXPECT_GE(checks.cases, Times(2000, 100000) * 9 / 10);
  EXPECT_LT(checks.closest, 1e-4) << "some bound is close, or the test proves nothing";
}

}  // namespace
}  // namespace deepmad::mad
