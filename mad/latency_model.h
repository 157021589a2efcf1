// Predicts times from a latency table. Each kind of layer at each kernel, stride and map size has a time of its own of the form
//
//   constant + in * input channels + out * output channels + product * input channels * output channels,   all coefficients >= 0,
//
// fitted to the measured layers, so that a network's latency is a polynomial of its widths and linear in its depths, as its FLOPs are.
// Between measured map sizes the coefficients are interpolated. docs/latency.md.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "mad/latency_table.h"
#include "mad/layer_work.h"

namespace deepmad::mad {

class LatencyModel {
 public:
  // Of a pass for inference. UsageError (with `where`) where the table has no such case.
  LatencyModel(const LatencyTable& table, const std::string& precision, int batch, const std::string& where);

  const std::string& device() const { return device_; }
  int threads() const { return threads_; }
  const std::string& precision() const { return precision_; }
  int batch() const { return batch_; }

  // UsageError for a layer of a kind that the table does not have.
  template <typename T>
  T Milliseconds(const LayerWork<T>& work) const {
    const Rates rates = RatesOf(work.shape);
    if (!MixesChannels(work.shape)) return T(rates.constant) + T(rates.in) * work.in;
    return T(rates.constant) + T(rates.in) * work.in + T(rates.out) * work.out + T(rates.product) * (work.in * work.out);
  }
  // Of a unit whose input has size `size`.
  template <typename T>
  T UnitMilliseconds(const Unit<T>& unit, Extent size) const {
    T total{};
    for (const LayerWork<T>& work : UnitWork(unit, size)) total += Milliseconds(work);
    return total;
  }
  // Of a whole pass.
  double Milliseconds(const NetworkSpec& spec) const;

 private:
  struct Rates {
    double constant = 0, in = 0, out = 0, product = 0;
  };
  struct SizedRates {
    double area;  // of the map
    Rates rates;
  };
  // A kind of layer at all map sizes: layer, pixels of the kernel, stride, shortcut, activation.
  using Kind = std::tuple<std::string, int, int, bool, ActivationKind>;
  static Kind KindOf(const WorkShape& shape);

  Rates RatesOf(const WorkShape& shape) const;
  const Kind* Nearest(const WorkShape& shape) const;
  void FitKinds(const std::vector<LayerMeasurement>& layers);

  std::string device_, precision_, where_;
  int threads_, batch_;
  std::map<Kind, std::vector<SizedRates>> kinds_;  // by area, ascending
};

// Of a training step: linear in what TrainingAmountsOf counts.
class StepModel {
 public:
  explicit StepModel(const TrainingCase& measured);
  double Milliseconds(const NetworkSpec& spec) const;

 private:
  std::vector<double> rates_;
};

// "deepmad profile" times 2-D networks only: UsageError otherwise.
void CheckHasLatency(const NetworkSpec& spec, const std::string& where);

}  // namespace deepmad::mad
