// The measurements of `deepmad profile` on one device: times of single layers inside passes, of whole passes and of training steps.
// The file is JSON, one measurement a line (docs/formats.md); mad/latency/latency_model.h fits a model to it.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "mad/latency/fused_layers.h"

namespace deepmad::mad {

// Milliseconds: quartiles over repeated passes.
struct Spread {
  double lower = 0, median = 0, upper = 0;
};

struct LayerMeasurement {
  WorkShape shape;
  int in = 0, out = 0;  // channels, as of LayerWork
  Spread milliseconds;
  int passes = 0;
};

// A whole pass without a clock, and the sum of the medians of its layers with one.
struct PassMeasurement {
  Spread milliseconds;
  double layers = 0;
  int passes = 0;
};

// The amounts that determine the time of a training step, per image (parameters and layers: per network).
enum TrainingWork {
  kPointwiseMacs,  // of 1x1 convolutions, attention, squeeze-excite and classifier
  kKernelMacs,     // of the other dense convolutions
  kDepthwiseMacs,
  kConvValues,       // outputs of dense convolutions, which norms and activations read and write again
  kDepthwiseValues,  // outputs of depthwise convolutions
  kOtherValues,      // of squeeze-excite, pools, layer norms, attention and activations of their own
  kStepLayers,
  kStepParams,
  kTrainingWork
};
const char* TrainingWorkName(int work);  // "pointwise_macs", as in the file
using TrainingAmounts = std::array<double, kTrainingWork>;

struct StepMeasurement {
  TrainingAmounts amounts{};
  Spread milliseconds;
  int passes = 0;
};

// Measurements in one precision ("float32") at one number of images. All times of a case are at the speed that the machine had most of the
// time, at which a pass of ReferenceNetwork (mad/cost/profiling_networks.h) took reference_ms.
struct InferenceCase {
  std::string precision;
  int batch = 1;
  double reference_ms = 0;
  std::vector<LayerMeasurement> layers;
  std::vector<PassMeasurement> passes;
};
struct TrainingCase {
  std::string precision;
  int batch = 1;
  double reference_ms = 0;
  std::vector<StepMeasurement> steps;
};

struct LatencyTable {
  static constexpr int kVersion = 2;
  std::string device;   // in words
  std::string program;  // that measured: version and revision
  int threads = 1;
  std::vector<int> resolutions;  // side of the input in pixels
  std::vector<InferenceCase> inference;
  std::vector<TrainingCase> training;
};

std::string LatencyTableText(const LatencyTable& table);
// Reads a table. Throws UsageError naming the file if it is absent, not a latency table, of another version, or has an invalid time.
LatencyTable LoadLatencyTable(const std::string& path);

}  // namespace deepmad::mad
