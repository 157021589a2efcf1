#include "tests/gpu/test_device.h"

#include <ATen/TensorOperators.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <map>

#include "models/device/device.h"
#include "tests/models/formula_fill.h"
#include "train/numerics/precision.h"

namespace deepmad {
namespace {

struct Worst {
  double difference = -1;
  std::string test;
};
std::map<at::ScalarType, Worst> worst_of;

class Session : public testing::Environment {
 public:
  void SetUp() override {
    train::PrecisionOptions exact;
    exact.tf32 = false;
    train::ApplyPrecision(exact);
    std::printf("device: %s\n", models::DescribeDevice(TestDevice()).c_str());
  }
  void TearDown() override {
    for (const auto& [type, worst] : worst_of)
      std::printf("worst %s: %.1e (%s)\n", c10::toString(type), worst.difference, worst.test.c_str());
  }
};
const testing::Environment* const session = testing::AddGlobalTestEnvironment(new Session);

}  // namespace

at::Device TestDevice() {
  static const at::Device device = [] {
    const char* name = std::getenv("DEEPMAD_DEVICE");
    return models::ResolveDevice(name == nullptr ? "cpu" : name);
  }();
  return device;
}

at::Tensor ExactValues(uint64_t key, at::IntArrayRef shape, double scale, double offset) {
  return models::FormulaTensor(key, shape, scale, offset).to(at::kBFloat16).to(at::kDouble);
}

at::Tensor OnDevice(const at::Tensor& values, at::ScalarType type) {
  const at::Tensor moved = values.detach().to(TestDevice(), type, /*non_blocking=*/false, /*copy=*/true);
  if (moved.dim() < 4) return moved;
  return moved.contiguous(moved.dim() == 4 ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::ChannelsLast3d);
}

void ExpectClose(const at::Tensor& actual, const at::Tensor& expected, const std::string& what) {
  ASSERT_EQ(actual.sizes(), expected.sizes()) << what;
  EXPECT_EQ(actual.device().type(), TestDevice().type()) << what;
  const at::Tensor wide = actual.detach().to(at::kCPU, at::kDouble), truth = expected.detach().to(at::kDouble);
  const double largest = truth.abs().max().item<double>();
  const double difference = (wide - truth).abs().max().item<double>() / (largest > 0 ? largest : 1);
  const at::ScalarType type = actual.scalar_type();
  EXPECT_LE(difference, type == at::kDouble ? 1e-9 : 1e-5) << what << " in " << c10::toString(type);
  if (!(difference <= worst_of[type].difference))
    worst_of[type] = {difference, testing::UnitTest::GetInstance()->current_test_info()->test_suite_name()};
}

}  // namespace deepmad
