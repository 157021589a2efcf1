// Number formats and layouts of a run: bfloat16 autocast, channels_last, deterministic kernels. Parameters, optimizer, average and batch
// statistics are always float32.
#pragma once

#include <c10/core/DeviceType.h>

#include <string>

#include "base/config.h"

namespace deepmad::train {

struct PrecisionOptions {
  bool bfloat16 = false;       // matrix products and convolutions in bfloat16, the loss in float32
  bool channels_last = true;   // memory layout of images and convolution weights
  bool deterministic = false;  // the same bits on the same GPU at the cost of speed; a CPU run always repeats with the same thread count
};

// Reads precision, channels_last and deterministic of the `train` section.
PrecisionOptions ReadPrecision(const base::Config& config);

// "float32", "float32 (TF32 allowed)", "bfloat16": for protocols and logs.
std::string PrecisionName(const PrecisionOptions& options, c10::DeviceType device);

// Sets the process-wide switches: deterministic kernels or cuDNN's own measurement, TF32 for float32 products on a GPU.
void ApplyPrecision(const PrecisionOptions& options);

// Autocast while it lives; none for float32.
class AutocastGuard {
 public:
  AutocastGuard(const PrecisionOptions& options, c10::DeviceType device);
  ~AutocastGuard();
  AutocastGuard(const AutocastGuard&) = delete;
  AutocastGuard& operator=(const AutocastGuard&) = delete;

 private:
  bool active_;
  c10::DeviceType device_;
  bool was_enabled_ = false;
};

}  // namespace deepmad::train
