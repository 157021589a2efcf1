// The device that DEEPMAD_DEVICE names (none: the CPU), and holding what it computes against the CPU in float64. Compiled once, these tests
// are part of ctest, on the CPU, and of `gpu_tests`, which scripts/gpu_check.sh runs on a GPU.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <initializer_list>
#include <string>

namespace deepmad {

at::Device TestDevice();

// The types in which results are compared: the tolerance of each is in ExpectClose.
inline constexpr std::initializer_list<at::ScalarType> kComparedTypes = {at::kDouble, at::kFloat};

// Numbers for tests, float64, each of which float32 and bfloat16 have too: offset + scale * u, u in [-1, 1).
at::Tensor ExactValues(uint64_t key, at::IntArrayRef shape, double scale = 1, double offset = 0);

// On the device in a type, in channels_last where it has four or five axes.
at::Tensor OnDevice(const at::Tensor& values, at::ScalarType type);

// The largest difference relative to the largest expected value (absolute where all are 0): at most 1e-9 in float64 and 1e-5 in float32, by
// the type of `actual`. The worst of each type is printed at the end of the program.
void ExpectClose(const at::Tensor& actual, const at::Tensor& expected, const std::string& what);

}  // namespace deepmad
