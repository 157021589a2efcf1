// Every mistake that a problem file can hold, in one table.
#include <gtest/gtest.h>

#include "base/config/config.h"
#include "base/error.h"
#include "mad/design/design.h"
#include "mad/problem/problem.h"

namespace deepmad::mad {
namespace {

constexpr char kProblem[] = R"(version: 1
name: small
input: {channels: 1, height: 28, width: 28}
stages:
  - {type: bottleneck, stride: 2, kernel: 3, depth: [1, 2], out_channels: [8, 64], bottleneck_channels: [8, 64]}
budgets: {flops: 1.0e+6, params: 2.0e+4, effectiveness: 1}
head: {classes: 10}
)";

TEST(ProblemInput, EveryWrongValueIsNamedInOneLine) {
  const struct {
    const char* assignment;
    std::vector<std::string> words;
  } cases[] = {
      {"budgets.flops=abc", {"budgets.flops", "a number", "'abc'"}},
      {"budgets.flops=[1, 2]", {"budgets.flops", "a number", "a list"}},
      {"budgets.flops=.nan", {"budgets.flops", "'.nan'"}},
      {"budgets.params=-5", {"budgets.params", "'-5'"}},
      {"budgets=3", {"budgets", "a mapping"}},
      {"input.height=0", {"input.height", "[1, 65536]", "'0'"}},
      {"head.classes=1.5", {"head.classes", "an integer", "'1.5'"}},
      {"head.classes=\"10\"", {"head.classes", "an integer"}},
      {"solver.threads=0", {"solver.threads", "'0'"}},
      {"formulation=papr", {"papr", "did you mean 'paper'"}},
      {"stages=[]", {"0 stages"}},
      {"stages={}", {"stages", "a list of mappings"}},
      {"stages.3.depth=1", {"'stages' has 1 entries"}},
      {"stages.0.type=conv", {"a stage of type 'conv'"}},
      {"stages.0.type=botleneck", {"did you mean 'bottleneck'"}},
      {"stages.0.depth=[3, 1]", {"depth is no range"}},
      {"stages.0.depth=[1, 2, 3]", {"depth is no range"}},
      {"stages.0.kernel=[]", {"no kernel"}},
      {"stages.0.out_channels=[9, 15]", {"holds no multiple of 8"}},
      {"stages.0.activation_bits=[4, 8]", {"activation_bits without weight_bits"}},
      {"stem={type: bottleneck}", {"a stem of type 'bottleneck'"}},
      {"stem={activation_bits: [4, 8], weight_bits: 8}", {"several bit widths"}},
      {"stages.0.activation=rely", {"did you mean 'relu'"}},
      {"stages.0.layer_scale=true", {"unknown key", "layer_scale"}},
      {"tail={type: basic, out_channels: 8}", {"a tail of type 'basic'"}},
      {"rules.bottleneck_over_out=[1]", {"bottleneck_over_out", "no range"}},
      {"budgets.flops_convention=mac", {"did you mean 'macs'"}},
      {"objective.depth_term=exp", {"exp"}},
      {"objective.stage_weights=[1, 2, 3]", {"3 stage weights for"}},
      {"solver.tme_limit_seconds=1", {"did you mean 'time_limit_seconds'", "unknown key"}},
      {"head.type=detector", {"detector"}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.assignment);
    base::Config config = base::Config::FromText(kProblem, "problem.yaml");
    try {
      config.Override(c.assignment);
      ProblemFromConfig(config);
      config.CheckAllRead();
      ADD_FAILURE() << "was accepted";
    } catch (const base::Error& error) {
      const std::string line = error.what();
      EXPECT_EQ(error.kind(), base::ErrorKind::kUsage) << line;
      EXPECT_EQ(line.find('\n'), std::string::npos) << line;
      for (const std::string& word : c.words) EXPECT_NE(line.find(word), std::string::npos) << "'" << word << "' in " << line;
    }
  }
}

TEST(ProblemInput, RulesThatExcludeEachOtherAreInfeasible) {
  base::Config config = base::Config::FromText(kProblem, "problem.yaml");
  config.Override("rules.bottleneck_over_out=[0.9, 1]");
  config.Override("stages.0.out_channels=64");
  config.Override("stages.0.bottleneck_channels=8");
  try {
    Design(ProblemFromConfig(config));
    ADD_FAILURE() << "was solved";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), base::ErrorKind::kInfeasible);
    EXPECT_NE(std::string(error.what()).find("bottleneck_over_out leaves stage 0 no bottleneck"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace deepmad::mad
