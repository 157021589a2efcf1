#include "train/numerics/precision.h"

#include <ATen/Context.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

namespace deepmad::train {
namespace {

class PrecisionTest : public testing::Test {
 protected:
  void TearDown() override { ApplyPrecision({}); }
};

TEST_F(PrecisionTest, CudnnMeasuresConvolutionsOnlyWhereBatchesHaveOneShape) {
  ApplyPrecision({});
  EXPECT_TRUE(at::globalContext().benchmarkCuDNN());
  ApplyPrecision({}, /*one_shape=*/false);
  EXPECT_FALSE(at::globalContext().benchmarkCuDNN());
  PrecisionOptions options;
  options.deterministic = true;
  ApplyPrecision(options);
  EXPECT_FALSE(at::globalContext().benchmarkCuDNN());
}

TEST_F(PrecisionTest, DeterministicGivesCublasAFixedWorkspaceUnlessTheUserHas) {
  ::unsetenv("CUBLAS_WORKSPACE_CONFIG");
  ApplyPrecision({});
  EXPECT_EQ(std::getenv("CUBLAS_WORKSPACE_CONFIG"), nullptr);
  PrecisionOptions options;
  options.deterministic = true;
  ApplyPrecision(options);
  EXPECT_EQ(std::string(std::getenv("CUBLAS_WORKSPACE_CONFIG")), ":4096:8");
  EXPECT_TRUE(at::globalContext().deterministicAlgorithms());
  EXPECT_FALSE(at::globalContext().deterministicAlgorithmsWarnOnly());
  ::setenv("CUBLAS_WORKSPACE_CONFIG", ":16:8", 1);
  ApplyPrecision(options);
  EXPECT_EQ(std::string(std::getenv("CUBLAS_WORKSPACE_CONFIG")), ":16:8");
  ::unsetenv("CUBLAS_WORKSPACE_CONFIG");
}

}  // namespace
}  // namespace deepmad::train
