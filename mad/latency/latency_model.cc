#include "mad/latency/latency_model.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "mad/latency/nonnegative_least_squares.h"

namespace deepmad::mad {
namespace {

constexpr size_t kLeastRows = 6;  // of a kind at a map size: fewer say too little of four coefficients

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

std::string CaseName(const std::string& precision, int batch) { return fmt::format("{} at batch {}", precision, batch); }

}  // namespace

LatencyModel::Kind LatencyModel::KindOf(const WorkShape& shape) {
  return {shape.op, shape.kernel.Volume(), shape.stride.h, shape.adds_shortcut, shape.activation};
}

LatencyModel::LatencyModel(const LatencyTable& table, const std::string& precision, int batch, const std::string& where)
    : device_(table.device), precision_(precision), where_(where), threads_(table.threads), batch_(batch) {
  const auto found = std::find_if(table.inference.begin(), table.inference.end(),
                                  [&](const InferenceCase& one) { return one.precision == precision && one.batch == batch; });
  if (found == table.inference.end() || found->layers.empty()) {
    std::vector<std::string> known;
    for (const InferenceCase& one : table.inference) known.push_back(CaseName(one.precision, one.batch));
    throw base::UsageError(
        fmt::format("the latency table has no inference in {}", CaseName(precision, batch)), where,
        fmt::format("it has {}; deepmad profile measures others", known.empty() ? "none" : fmt::format("{}", fmt::join(known, ", "))));
  }
  FitKinds(found->layers);
  std::vector<double> ratios;
  for (const PassMeasurement& pass : found->passes) ratios.push_back(pass.milliseconds.median / pass.layers);
  const double whole = ratios.empty() ? 1 : Median(ratios);  // of a pass over the sum of its layers
  for (auto& [kind, sizes] : kinds_) {
    for (SizedRates& sized : sizes) {
      for (double* rate : {&sized.rates.constant, &sized.rates.in, &sized.rates.out, &sized.rates.product}) *rate *= whole;
    }
  }
}

void LatencyModel::FitKinds(const std::vector<LayerMeasurement>& layers) {
  std::map<Kind, std::map<double, std::vector<const LayerMeasurement*>>> groups;
  for (const LayerMeasurement& row : layers) groups[KindOf(row.shape)][row.shape.map.Volume()].push_back(&row);
  for (const auto& [kind, sizes] : groups) {
    size_t most = 0;
    for (const auto& [area, rows] : sizes) most = std::max(most, rows.size());
    for (const auto& [area, rows] : sizes) {
      if (rows.size() < std::min(kLeastRows, most)) continue;
      const bool mixes = TraitsOf(rows.front()->shape.op).mixes_channels;
      std::vector<FitRow> fit;
      for (const LayerMeasurement* row : rows) {
        const double in = row->in, out = row->out;
        fit.push_back({mixes ? std::vector<double>{1, in, out, in * out} : std::vector<double>{1, in}, row->milliseconds.median});
      }
      const std::vector<double> rates = FitNonnegative(fit);
      kinds_[kind].push_back({area, {rates[0], rates[1], mixes ? rates[2] : 0, mixes ? rates[3] : 0}});
    }
  }
}

// The same kind of layer, else with or without shortcut and activation, else at another stride, else at the nearest kernel.
const LatencyModel::Kind* LatencyModel::Nearest(const WorkShape& shape) const {
  const Kind wanted = KindOf(shape);
  const Kind* nearest = nullptr;
  double least = 1e300;
  for (const auto& [kind, sizes] : kinds_) {
    const auto& [op, volume, stride, adds, activation] = kind;
    if (op != std::get<0>(wanted)) continue;
    const double distance = 100 * std::abs(std::log(static_cast<double>(volume) / std::get<1>(wanted))) +
                            10 * (stride != std::get<2>(wanted)) + 2 * (activation != std::get<4>(wanted)) +
                            1 * (adds != std::get<3>(wanted));
    if (distance < least) {
      least = distance;
      nearest = &kind;
    }
  }
  return nearest;
}

LatencyModel::Rates LatencyModel::RatesOf(const WorkShape& shape) const {
  const Kind* kind = Nearest(shape);
  if (kind == nullptr) {
    throw base::UsageError(fmt::format("the latency table has no layer of kind '{}'", FusedOpName(shape.op)), where_,
                           "quantised layers are not measured; for others measure again with this version's deepmad profile");
  }
  const std::vector<SizedRates>& sizes = kinds_.at(*kind);
  const double area = shape.map.Volume();
  const auto above = std::find_if(sizes.begin(), sizes.end(), [&](const SizedRates& sized) { return sized.area >= area; });
  const bool pairs = shape.op == FusedOp::kAttention;  // of positions: what it does for each pixel grows with the map too
  Rates rates;
  const auto add = [&](const SizedRates& sized, double share, double growth) {
    if (pairs) growth *= area / sized.area;
    rates.constant += share * sized.rates.constant;
    rates.in += share * growth * sized.rates.in;
    rates.out += share * growth * sized.rates.out;
    rates.product += share * growth * sized.rates.product;
  };
  if (above == sizes.begin() || above == sizes.end()) {  // outside what was measured: in proportion
    const SizedRates& end = above == sizes.end() ? sizes.back() : sizes.front();
    add(end, 1, area / end.area);
  } else {
    const SizedRates& below = *(above - 1);
    const double share = (area - below.area) / (above->area - below.area);
    add(below, 1 - share, 1);
    add(*above, share, 1);
  }
  const double kernels = static_cast<double>(shape.kernel.Volume()) / std::get<1>(*kind);
  for (double* rate : {&rates.in, &rates.out, &rates.product}) *rate *= kernels;
  return rates;
}

double LatencyModel::Milliseconds(const NetworkSpec& spec) const {
  double total = 0;
  for (const LayerWork<double>& work : NetworkWork(spec)) total += Milliseconds(work);
  return total;
}

void CheckHasLatency(const NetworkSpec& spec, const std::string& where) {
  if (spec.SpatialDims() == 2) return;
  throw base::UsageError(fmt::format("no latency of the 3-D network '{}'", spec.name), where,
                         "latency tables hold 2-D layers; budget its flops and layers");
}

}  // namespace deepmad::mad
