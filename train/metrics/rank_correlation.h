// Whether two numbers order things alike, and how surely.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace deepmad::train {

// Pearson's correlation of the ranks; equal values share the mean of their ranks. Both lists have one length. 0 where one of them is
// constant, or has fewer than two values.
double SpearmanCorrelation(const std::vector<double>& x, const std::vector<double>& y);

// Kendall's tau-b: pairs ordered alike less pairs ordered oppositely, over the geometric mean of the pairs that x and that y tell apart.
// Edge cases as above.
double KendallCorrelation(const std::vector<double>& x, const std::vector<double>& y);

struct ConfidenceInterval {
  double low = 0, high = 0;
};

// The percentile bootstrap (Efron, 1979): the middle `level` of what `statistic` gives for `resamples` draws of `count` things with
// replacement. Draw i is a function of seed and i. `count` and `resamples` are at least 1.
ConfidenceInterval BootstrapInterval(size_t count, const std::function<double(const std::vector<size_t>& chosen)>& statistic, uint64_t seed,
                                     int64_t resamples = 10000, double level = 0.95);

}  // namespace deepmad::train
