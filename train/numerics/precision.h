// Number formats and layouts of a run: autocast to bfloat16 or float16, TF32, channels_last, deterministic kernels. Parameters, optimizer,
// average and batch statistics are always float32.
#pragma once

#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <optional>
#include <string>

#include "base/config/config.h"
#include "train/numerics/loss_scale.h"

namespace deepmad::train {

struct PrecisionOptions {
  std::optional<at::ScalarType> autocast;  // kBFloat16 or kHalf for matrix products and convolutions, the loss in float32; nullopt: none
  bool float64 = false;                    // everything, for comparisons: slow
  bool best_of_device = false;             // `autocast` is still to be chosen, by ChooseFormat
  LossScaleOptions loss_scale;             // with kHalf
  bool channels_last = true;               // memory layout of images and convolution weights
  bool deterministic = false;  // the same bits on the same GPU at the cost of speed; a CPU run always repeats with the same thread count
  bool tf32 = true;            // lets a GPU round the factors of float32 products to 11 bits
};

// Reads precision (float32, bfloat16, float16, mixed or float64), loss_scale, channels_last, deterministic and tf32 of the `train` section.
PrecisionOptions ReadPrecision(const base::Config& config);

// Resolves `mixed` for a device: bfloat16 on a GPU that has it, float16 on any other GPU, float32 on a CPU.
void ChooseFormat(PrecisionOptions& options, at::Device device);

// "float32", "float32 (TF32 allowed)", "bfloat16", "float16", "float64": for protocols and logs. Requires ChooseFormat.
std::string PrecisionName(const PrecisionOptions& options, c10::DeviceType device);

// Sets the process-wide switches: deterministic kernels, or cuDNN's own measurement of its convolutions where batches have `one_shape` (it
// measures every size anew, and each attempt leaves memory behind); TF32 for float32 products on a GPU. For cuBLAS it sets
// CUBLAS_WORKSPACE_CONFIG where the user has not, so it comes before the first work on a device. A deterministic run ends in a c10::Error
// when it comes to an operation that has no deterministic kernel.
void ApplyPrecision(const PrecisionOptions& options, bool one_shape = true);

// Scope guard: enables autocast to the format of `options`, if it has one.
class AutocastGuard {
 public:
  AutocastGuard(const PrecisionOptions& options, c10::DeviceType device);
  ~AutocastGuard();
  AutocastGuard(const AutocastGuard&) = delete;
  AutocastGuard& operator=(const AutocastGuard&) = delete;

 private:
  std::optional<at::ScalarType> format_;
  c10::DeviceType device_;
  bool was_enabled_ = false;
};

// Scope guard: disables autocast, for losses, which are computed in float32; autocast forbids some of them.
class FullPrecisionGuard {
 public:
  explicit FullPrecisionGuard(c10::DeviceType device);
  ~FullPrecisionGuard();
  FullPrecisionGuard(const FullPrecisionGuard&) = delete;
  FullPrecisionGuard& operator=(const FullPrecisionGuard&) = delete;

 private:
  c10::DeviceType device_;
  bool was_enabled_;
};

}  // namespace deepmad::train
