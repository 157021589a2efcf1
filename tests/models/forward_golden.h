// Results of the published Python reference under a formula-made weight fill (tests/golden/forward_golden.json), and comparing with them.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/json.h"
#include "tests/models/formula_fill.h"
#include "tests/models/networks.h"
#include "tests/places.h"

namespace deepmad::models {

inline const base::Json& ForwardGolden() {
  static const base::Json golden = [] {
    std::ifstream file(GoldenFolder() + "/forward_golden.json");
    return base::Json::parse(file);
  }();
  return golden;
}

// The entry of a network under "forward" or "train".
inline const base::Json& GoldenOf(const char* kind, const std::string& name) {
  for (const base::Json& entry : ForwardGolden().at(kind)) {
    if (entry.at("name") == name) return entry;
  }
  throw std::out_of_range("no golden " + name);
}

// Compares a tensor with {shape, sum, abs_sum, first8}: sums to within `relative` of abs_sum, a value to within `relative` of itself and of
// `magnitude`, by default the mean.
inline void ExpectLike(const at::Tensor& tensor, const base::Json& expected, double relative, const std::string& what,
                       double magnitude = 0) {
  const at::Tensor values = tensor.detach().to(at::kDouble).contiguous();
  EXPECT_EQ(values.sizes().vec(), expected.at("shape").get<std::vector<int64_t>>()) << what;
  const double abs_sum = expected.at("abs_sum");
  EXPECT_NEAR(values.sum().item<double>(), expected.at("sum").get<double>(), relative * abs_sum) << what;
  EXPECT_NEAR(values.abs().sum().item<double>(), abs_sum, relative * abs_sum) << what;
  if (!expected.contains("first8")) return;
  if (magnitude == 0) magnitude = abs_sum / static_cast<double>(values.numel());
  for (size_t i = 0; i < expected.at("first8").size(); ++i) {
    const double value = expected.at("first8")[i];
    EXPECT_NEAR(values.const_data_ptr<double>()[i], value, relative * (std::abs(value) + magnitude)) << what << " [" << i << "]";
  }
}

// The network of an entry under the fill. One without a classifier gives the maps of all stages, as the reference does, not only those
// that its detector uses.
inline std::shared_ptr<Network> FilledNetwork(const base::Json& golden, at::ScalarType dtype) {
  mad::NetworkSpec spec = PublishedStructure(golden.at("name"));
  spec.head.levels.clear();
  auto network = BuildNetwork(spec);
  network->ConvertTo(dtype);
  FillByFormula(*network, {.all = golden.at("gain"), .last = golden.at("gain_last")});
  return network;
}

inline at::Tensor GoldenImages(const base::Json& golden) { return FormulaImages(golden.at("input_shape").get<std::vector<int64_t>>()); }

}  // namespace deepmad::models
