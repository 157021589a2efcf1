// Predicts latencies from a latency table. For each kind of layer, kernel, stride and map size the time has the form
//
//   constant + in * input channels + out * output channels + product * input channels * output channels,   all coefficients >= 0,
//
// fitted to the measured layers, so that a network's latency is a polynomial of its widths and linear in its depths, as its FLOPs are.
// Coefficients are interpolated between the measured map sizes (docs/latency.md).
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "mad/latency/fused_layers.h"
#include "mad/latency/latency_table.h"

namespace deepmad::mad {

class LatencyModel {
 public:
  // Fits the model of inference passes. Throws UsageError (with `where`) if the table has no such case.
  LatencyModel(const LatencyTable& table, const std::string& precision, int batch, const std::string& where);

  const std::string& device() const { return device_; }
  int threads() const { return threads_; }
  const std::string& precision() const { return precision_; }
  int batch() const { return batch_; }

  // Throws UsageError if the table has no measurement of this kind of layer.
  template <typename T>
  T Milliseconds(const LayerWork<T>& work) const {
    const Rates rates = RatesOf(work.shape);
    if (!TraitsOf(work.shape.op).mixes_channels) return T(rates.constant) + T(rates.in) * work.in;
    return T(rates.constant) + T(rates.in) * work.in + T(rates.out) * work.out + T(rates.product) * (work.in * work.out);
  }
  // Milliseconds of a unit whose input has size `size`.
  template <typename T>
  T UnitMilliseconds(const Unit<T>& unit, Extent size) const {
    T total{};
    for (const LayerWork<T>& work : UnitWork(unit, size)) total += Milliseconds(work);
    return total;
  }
  // Milliseconds of a whole pass.
  double Milliseconds(const NetworkSpec& spec) const;

 private:
  struct Rates {
    double constant = 0, in = 0, out = 0, product = 0;
  };
  struct SizedRates {
    double area;  // of the map, pixels
    Rates rates;
  };
  // A kind of layer at all map sizes: layer, pixels of the kernel, stride, shortcut, activation.
  using Kind = std::tuple<FusedOp, int, int, bool, ActivationKind>;
  static Kind KindOf(const WorkShape& shape);

  Rates RatesOf(const WorkShape& shape) const;
  const Kind* Nearest(const WorkShape& shape) const;
  void FitKinds(const std::vector<LayerMeasurement>& layers);

  std::string device_, precision_, where_;
  int threads_, batch_;
  std::map<Kind, std::vector<SizedRates>> kinds_;  // by area, ascending
};

// Throws UsageError for a 3-D network, because `deepmad profile` measures 2-D networks only.
void CheckHasLatency(const NetworkSpec& spec, const std::string& where);

}  // namespace deepmad::mad
