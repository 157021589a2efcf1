#include "models/device/device.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace deepmad::models {
namespace {

std::string MessageFor(const std::string& name) {
  try {
    ResolveDevice(name);
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), base::ErrorKind::kUsage);
    return error.what();
  }
  ADD_FAILURE() << "accepted " << name;
  return "";
}

TEST(Device, CpuIsAlwaysThere) {
  EXPECT_TRUE(ResolveDevice("cpu").is_cpu());
  EXPECT_TRUE(ResolveDevice("auto").is_cpu());  // this binary has no CUDA code
}

TEST(Device, SaysThatThisBuildHasNoCuda) {
  for (const char* name : {"cuda", "cuda:1"}) EXPECT_NE(MessageFor(name).find("built without CUDA"), std::string::npos) << name;
}

TEST(Device, RefusesOtherNames) {
  for (const char* name : {"", "gpu", "cuda:", "cuda:-1", "cuda:x", "cuda:1x", "cuda:99999999999", "cpu:0"}) {
    EXPECT_NE(MessageFor(name).find("unknown device"), std::string::npos) << name;
  }
}

TEST(Device, DescribesItselfAndItsMemory) {
  const at::Device cpu = ResolveDevice("cpu");
  EXPECT_NE(DescribeDevice(cpu).find("threads"), std::string::npos);
  SynchronizeDevice(cpu);
  EXPECT_EQ(NewTimer(cpu), nullptr) << "any clock will do";
  ResetPeakMemory(cpu);
  const DeviceMemory memory = MemoryOf(cpu);
  EXPECT_GT(memory.current_bytes, 1 << 20);
  EXPECT_GE(memory.peak_bytes, memory.current_bytes / 2);
  EXPECT_GT(memory.total_bytes, memory.current_bytes);
}

}  // namespace
}  // namespace deepmad::models
