// Rank correlations and bootstrap confidence intervals.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace deepmad::train {

// Spearman's rho: Pearson's correlation of the ranks, where tied values share their mean rank. Returns 0 if a list is constant or has fewer
// than two values. REQUIRES: x and y have the same length.
double SpearmanCorrelation(const std::vector<double>& x, const std::vector<double>& y);

// Kendall's tau-b: concordant minus discordant pairs, divided by the geometric mean of the numbers of pairs untied in x and in y. Returns 0
// if a list is constant or has fewer than two values. REQUIRES: x and y have the same length.
double KendallCorrelation(const std::vector<double>& x, const std::vector<double>& y);

struct ConfidenceInterval {
  double low = 0, high = 0;
};

// Percentile bootstrap (Efron, 1979): the central `level` interval of `statistic` over `resamples` draws of `count` indices with
// replacement. Draw i depends on seed and i only. REQUIRES: `count` and `resamples` are at least 1.
ConfidenceInterval BootstrapInterval(size_t count, const std::function<double(const std::vector<size_t>& chosen)>& statistic, uint64_t seed,
                                     int64_t resamples = 10000, double level = 0.95);

}  // namespace deepmad::train
