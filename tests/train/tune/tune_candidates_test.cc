#include "train/tune/tune_candidates.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/stop_signal.h"
#include "mad/problem/budget_tolerance.h"
#include "tests/temporary_folder.h"
#include "tests/train/tune/small_tuning.h"

namespace deepmad::train {
namespace {

std::string ErrorOf(base::ErrorKind kind, const std::function<void()>& act) {
  try {
    act();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    return error.what();
  }
  return "no error";
}

class TuneCandidatesTest : public testing::Test {
 protected:
  ~TuneCandidatesTest() override { base::ClearStopRequest(); }

  static void Nothing(const TuneCandidates&) {}

  const TemporaryFolder temporary_;
  const std::string out_ = temporary_.File("tuning");
  const TunePlan plan_ = ReadTunePlan(SmallTuning());
};

TEST_F(TuneCandidatesTest, AreDifferentNetworksWithinTheBudgets) {
  const TuneCandidates candidates = SolveCandidates(plan_, SmallTuning);
  std::set<std::string> digests, names;
  for (const StudyStructure& one : candidates.structures) {
    EXPECT_TRUE(digests.insert(StructureDigest(one.network)).second) << one.name;
    names.insert(one.name);
    EXPECT_EQ(one.network.name, one.name);
    EXPECT_LE(one.assessment.used[mad::kFlops], mad::MostAllowed(1e6));
    EXPECT_LE(one.assessment.used[mad::kParams], mad::MostAllowed(60e3));
  }
  for (const LeftOut& one : candidates.left_out) {
    EXPECT_TRUE(names.insert(one.name).second);
    EXPECT_FALSE(one.reason.empty());
  }
  EXPECT_EQ(names, (std::set<std::string>{"mixed-rho-0.1", "mixed-rho-0.2", "mixed-free", "basic-rho-0.1", "basic-rho-0.2", "basic-free",
                                          "even-rho-0.1", "even-rho-0.2", "even-free", "resnet", "mobilenet_v2"}))
      << "every candidate is there or named with the reason";
  const auto basic = std::find_if(candidates.structures.begin(), candidates.structures.end(),
                                  [](const StudyStructure& one) { return one.name.starts_with("basic"); });
  ASSERT_NE(basic, candidates.structures.end());
  for (size_t i = 1; i < basic->network.blocks.size(); ++i) EXPECT_EQ(basic->network.blocks[i].type, "basic");
}

TEST_F(TuneCandidatesTest, AreMadeOnceAndReadAgain) {
  const TuneCandidates made = MakeCandidates(plan_, SmallTuning, "source", out_, Nothing);
  const auto no_config = [](const std::vector<std::string>& overrides) {
    EXPECT_TRUE(overrides.empty()) << "no problem is solved again";
    return SmallTuning(overrides);
  };
  const TuneCandidates again = MakeCandidates(plan_, no_config, "source", out_, Nothing);
  ASSERT_EQ(again.structures.size(), made.structures.size());
  for (size_t i = 0; i < made.structures.size(); ++i) {
    EXPECT_EQ(again.structures[i].name, made.structures[i].name);
    EXPECT_EQ(again.structures[i].group, made.structures[i].group);
    EXPECT_EQ(StructureDigest(again.structures[i].network), StructureDigest(made.structures[i].network));
    EXPECT_EQ(again.structures[i].assessment.used[mad::kEffectiveness], made.structures[i].assessment.used[mad::kEffectiveness]);
  }
  EXPECT_EQ(again.left_out.size(), made.left_out.size());
}

TEST_F(TuneCandidatesTest, WhatTheCheckRefusesLeavesNoFolder) {
  const auto check = [](const TuneCandidates& candidates) { throw base::UsageError("too many: " + candidates.structures.back().name, ""); };
  EXPECT_NE(ErrorOf(base::ErrorKind::kUsage, [&] { MakeCandidates(plan_, SmallTuning, "source", out_, check); }).find("mobilenet_v2"),
            std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(out_));
}

TEST_F(TuneCandidatesTest, AnInfeasibleDesignIsLeftOutByName) {
  const TunePlan plan = ReadTunePlan(SmallTuning({"candidates.effectiveness=[1e-3, none]"}));
  const TuneCandidates candidates = SolveCandidates(plan, SmallTuning);
  ASSERT_FALSE(candidates.left_out.empty());
  EXPECT_EQ(candidates.left_out[0].name, "mixed-rho-1e-3");
  EXPECT_NE(candidates.left_out[0].reason.find("effectiveness"), std::string::npos);
}

TEST_F(TuneCandidatesTest, SaysWhatIsWrong) {
  MakeCandidates(plan_, SmallTuning, "source", out_, Nothing);
  const auto make = [&](const std::string& source) { return [&, source] { MakeCandidates(plan_, SmallTuning, source, out_, Nothing); }; };
  EXPECT_NE(ErrorOf(base::ErrorKind::kUsage, make("other")).find("the folder holds another tuning"), std::string::npos);
  const std::string network = out_ + "/candidates/resnet/network.yaml";
  std::string text = base::ReadFile(network);
  text.replace(text.find("depth: "), 8, "depth: 9");
  base::WriteFileAtomically(network, text);
  EXPECT_NE(ErrorOf(base::ErrorKind::kUsage, make("source")).find("not the one that the tuning began with"), std::string::npos);
  base::WriteFileAtomically(out_ + "/candidates.json", "{\"source\": 3}");
  EXPECT_NE(ErrorOf(base::ErrorKind::kUsage, make("source")).find("candidates.json"), std::string::npos);
  const auto tight = [](std::vector<std::string> overrides) {
    overrides.emplace_back("problem.budgets.params=100");
    return SmallTuning(overrides);
  };
  EXPECT_NE(ErrorOf(base::ErrorKind::kInfeasible, [&] { SolveCandidates(plan_, tight); }).find("no candidate keeps the budgets"),
            std::string::npos);
  base::RequestStop();
  EXPECT_NE(ErrorOf(base::ErrorKind::kStopped, [&] { SolveCandidates(plan_, SmallTuning); }).find("stopped after 0 candidates"),
            std::string::npos);
}

}  // namespace
}  // namespace deepmad::train
