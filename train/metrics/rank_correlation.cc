#include "train/metrics/rank_correlation.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/random.h"

namespace deepmad::train {
namespace {

// From 1 on; equal values share the mean of theirs.
std::vector<double> Ranks(const std::vector<double>& values) {
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return values[a] < values[b]; });
  std::vector<double> ranks(values.size());
  for (size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    while (end < order.size() && values[order[end]] == values[order[begin]]) ++end;
    for (size_t i = begin; i < end; ++i) ranks[order[i]] = 0.5 * static_cast<double>(begin + 1 + end);
  }
  return ranks;
}

constexpr uint64_t kStream = 1 << 20;  // of kSearch: the searches of designs use lower ones

int Sign(double difference) { return difference > 0 ? 1 : difference < 0 ? -1 : 0; }

}  // namespace

double SpearmanCorrelation(const std::vector<double>& x, const std::vector<double>& y) {
  const std::vector<double> a = Ranks(x), b = Ranks(y);
  const double mean = 0.5 * static_cast<double>(a.size() + 1);
  double both = 0, of_a = 0, of_b = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    both += (a[i] - mean) * (b[i] - mean);
    of_a += (a[i] - mean) * (a[i] - mean);
    of_b += (b[i] - mean) * (b[i] - mean);
  }
  return of_a > 0 && of_b > 0 ? both / std::sqrt(of_a * of_b) : 0;
}

double KendallCorrelation(const std::vector<double>& x, const std::vector<double>& y) {
  int64_t alike = 0, told_by_x = 0, told_by_y = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      const int by_x = Sign(x[i] - x[j]), by_y = Sign(y[i] - y[j]);
      alike += by_x * by_y;
      told_by_x += by_x != 0;
      told_by_y += by_y != 0;
    }
  }
  if (told_by_x == 0 || told_by_y == 0) return 0;
  return static_cast<double>(alike) / std::sqrt(static_cast<double>(told_by_x) * static_cast<double>(told_by_y));
}

ConfidenceInterval BootstrapInterval(size_t count, const std::function<double(const std::vector<size_t>&)>& statistic, uint64_t seed,
                                     int64_t resamples, double level) {
  std::vector<double> values;
  std::vector<size_t> chosen(count);
  for (int64_t i = 0; i < resamples; ++i) {
    base::Random random(seed, base::RandomPurpose::kSearch, kStream, static_cast<uint64_t>(i));
    for (size_t& one : chosen) one = static_cast<size_t>(random.UniformInt(0, static_cast<int64_t>(count) - 1));
    values.push_back(statistic(chosen));
  }
  std::sort(values.begin(), values.end());
  const auto at = [&](double share) { return values[static_cast<size_t>(std::lround(share * static_cast<double>(values.size() - 1)))]; };
  return {at((1 - level) / 2), at((1 + level) / 2)};
}

}  // namespace deepmad::train
