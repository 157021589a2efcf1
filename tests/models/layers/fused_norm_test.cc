// The comparison at the start: it passes right kernels and catches wrong ones, which are then left out.
#include "models/layers/fused_norm.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>

#include "base/error.h"
#include "models/norm/block_trial.h"
#include "tests/models/norm/host_blocks.h"

namespace deepmad::models {
namespace {

const at::Device kHere(at::kCPU);

struct Mistake {
  const char* what;
  HostBlocks::Fault fault;
};

TEST(FusedNorm, EveryMistakeIsSeen) {
  const std::vector<Mistake> mistakes = {
      {"no ReLU", [](NormStep, at::ScalarType, NormWork& work) { work.relu = false; }},
      {"no shortcut", [](NormStep, at::ScalarType, NormWork& work) { work.residual = nullptr; }},
      {"no epsilon", [](NormStep, at::ScalarType, NormWork& work) { work.eps = 1e-3; }},
      {"statistics taken as given",
       [](NormStep step, at::ScalarType, NormWork& work) {
         if (step == NormStep::kGradients) work.training = false;
       }},
      {"the last row left out of the sums",
       [](NormStep step, at::ScalarType, NormWork& work) {
         if (step == NormStep::kSums) --work.shape.rows;
       }},
      {"the last row left out of the statistics",
       [](NormStep step, at::ScalarType, NormWork& work) {
         if (step == NormStep::kMoments) --work.shape.rows;
       }},
      {"the last row not written",
       [](NormStep step, at::ScalarType, NormWork& work) {
         if (step == NormStep::kForward) --work.shape.rows;
       }},
      {"the last row of the gradient not written",
       [](NormStep step, at::ScalarType, NormWork& work) {
         if (step == NormStep::kBackward) --work.shape.rows;
       }},
      {"the biased variance kept", [](NormStep, at::ScalarType, NormWork& work) { work.shape.count += 1; }},
      {"momentum the other way", [](NormStep, at::ScalarType, NormWork& work) { work.momentum = 1 - work.momentum; }},
      {"the mask of the ReLU forgotten with a shortcut", [](NormStep, at::ScalarType, NormWork& work) { work.output = nullptr; }},
      {"wrong in float16 alone",
       [](NormStep step, at::ScalarType type, NormWork& work) {
         if (type == at::kHalf && step == NormStep::kForward) work.relu = true;
       }},
      {"a launch that fails", [](NormStep, at::ScalarType, NormWork&) { throw std::runtime_error("no kernel image is available\nmore"); }},
  };
  for (const Mistake& mistake : mistakes) {
    const std::string fault = FaultOf(HostBlocks(ThreadOrder::kForward, mistake.fault), kHere);
    EXPECT_NE(fault, "") << mistake.what;
    EXPECT_EQ(fault.find('\n'), std::string::npos) << fault;
  }
}

HostBlocks Wrong() {
  return HostBlocks(ThreadOrder::kForward, [](NormStep, at::ScalarType, NormWork& work) { work.relu = false; });
}

TEST(FusedNorm, AutoTakesWhatAgrees) {
  const HostBlocks right;
  BatchNormSettings settings;
  testing::internal::CaptureStderr();
  ChooseFusedNorm(FusedNorm::kAuto, &right, kHere, "key", settings);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  EXPECT_TRUE(settings.fused);
  EXPECT_EQ(settings.runner, &right);
}

TEST(FusedNorm, AutoLeavesOutWhatDiffersWithOneWarning) {
  const HostBlocks wrong = Wrong();
  BatchNormSettings settings;
  testing::internal::CaptureStderr();
  ChooseFusedNorm(FusedNorm::kAuto, &wrong, kHere, "key", settings);
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_EQ(settings.runner, nullptr);
  EXPECT_NE(said.find("warning: the fused batch norm is left out on CPU"), std::string::npos) << said;
  EXPECT_NE(said.find("ReLU"), std::string::npos) << said;
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 1) << said;
}

TEST(FusedNorm, AutoSaysNothingWhereThereAreNoKernels) {
  BatchNormSettings settings;
  testing::internal::CaptureStderr();
  ChooseFusedNorm(FusedNorm::kAuto, nullptr, kHere, "key", settings);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  EXPECT_EQ(settings.runner, nullptr);
}

TEST(FusedNorm, OnIsAnErrorWhereItCannotBeHad) {
  const HostBlocks wrong = Wrong();
  BatchNormSettings settings;
  for (const BlockRunner* runner : {static_cast<const BlockRunner*>(&wrong), static_cast<const BlockRunner*>(nullptr)}) {
    try {
      ChooseFusedNorm(FusedNorm::kOn, runner, kHere, "train.fused_norm", settings);
      ADD_FAILURE() << "no error";
    } catch (const base::Error& error) {
      EXPECT_EQ(error.kind(), base::ErrorKind::kUsage);
      EXPECT_EQ(error.where(), "train.fused_norm");
    }
  }
}

TEST(FusedNorm, OffTriesNothing) {
  int steps = 0;
  const HostBlocks counting(ThreadOrder::kForward, [&](NormStep, at::ScalarType, NormWork&) { ++steps; });
  BatchNormSettings settings;
  ChooseFusedNorm(FusedNorm::kOff, &counting, kHere, "key", settings);
  EXPECT_FALSE(settings.fused);
  EXPECT_EQ(settings.runner, nullptr);
  EXPECT_EQ(steps, 0);
}

// The processor has a pass of its own, in models/norm/norm_act.h, which needs no comparison.
TEST(FusedNorm, TheProcessorNeedsNoRunner) {
  for (const FusedNorm wish : {FusedNorm::kAuto, FusedNorm::kOn, FusedNorm::kOff}) {
    BatchNormSettings settings;
    ChooseFusedNorm(wish, kHere, "key", settings);
    EXPECT_EQ(settings.fused, wish != FusedNorm::kOff);
    EXPECT_EQ(settings.runner, nullptr);
  }
}

}  // namespace
}  // namespace deepmad::models
