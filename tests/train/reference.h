// Comparison with the lists of numbers in tests/golden/training_reference.json.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <vector>

namespace deepmad::train {

// The numbers in the order of a contiguous tensor of this shape.
inline at::Tensor FromNumbers(const nlohmann::json& numbers, at::IntArrayRef shape) {
  return at::tensor(numbers.get<std::vector<double>>(), at::kDouble).reshape(shape);
}

// `tolerance` is absolute, and relative to the largest number.
inline void ExpectNear(const at::Tensor& tensor, const nlohmann::json& numbers, double tolerance) {
  const at::Tensor expected = FromNumbers(numbers, tensor.sizes());
  const double error = tensor.detach().to(at::kDouble).sub(expected).abs().max().item<double>();
  EXPECT_LE(error, tolerance * (1 + expected.abs().max().item<double>()));
}

}  // namespace deepmad::train
