#include "train/numerics/precision.h"

#include <ATen/Context.h>
#include <ATen/autocast_mode.h>
#include <stdlib.h>

#include "models/device/device.h"

namespace deepmad::train {

PrecisionOptions ReadPrecision(const base::Config& config) {
  PrecisionOptions options;
  const std::string format = config.GetChoice("precision", "float32", {"float32", "bfloat16", "float16", "mixed", "float64"});
  if (format == "bfloat16") options.autocast = at::kBFloat16;
  if (format == "float16") options.autocast = at::kHalf;
  options.float64 = format == "float64";
  options.best_of_device = format == "mixed";
  options.loss_scale = ReadLossScale(config.Section("loss_scale"));
  options.channels_last = config.GetBool("channels_last", options.channels_last);
  options.deterministic = config.GetBool("deterministic", options.deterministic);
  options.tf32 = config.GetBool("tf32", !options.deterministic);
  return options;
}

void ChooseFormat(PrecisionOptions& options, at::Device device) {
  if (options.best_of_device) options.autocast = models::MixedFormat(device);
  options.best_of_device = false;
}

std::string PrecisionName(const PrecisionOptions& options, c10::DeviceType device) {
  if (options.autocast) return *options.autocast == at::kHalf ? "float16" : "bfloat16";
  if (options.float64) return "float64";
  return device == c10::kCUDA && options.tf32 ? "float32 (TF32 allowed)" : "float32";
}

void ApplyPrecision(const PrecisionOptions& options, bool one_shape) {
  at::Context& context = at::globalContext();
  context.setDeterministicAlgorithms(options.deterministic, /*warn_only=*/false);
  context.setDeterministicCuDNN(options.deterministic);
  // A workspace of fixed size a stream: cuBLAS may else choose another algorithm each time.
  if (options.deterministic) ::setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", /*overwrite=*/0);
  context.setBenchmarkCuDNN(!options.deterministic && one_shape);
  context.setAllowTF32CuDNN(options.tf32);
  context.setAllowTF32CuBLAS(options.tf32);
}

AutocastGuard::AutocastGuard(const PrecisionOptions& options, c10::DeviceType device) : format_(options.autocast), device_(device) {
  if (!format_) return;
  was_enabled_ = at::autocast::is_autocast_enabled(device_);
  at::autocast::set_autocast_enabled(device_, true);
  at::autocast::set_autocast_dtype(device_, *format_);
  at::autocast::increment_nesting();
}

AutocastGuard::~AutocastGuard() {
  if (!format_) return;
  if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
  at::autocast::set_autocast_enabled(device_, was_enabled_);
}

FullPrecisionGuard::FullPrecisionGuard(c10::DeviceType device) : device_(device), was_enabled_(at::autocast::is_autocast_enabled(device)) {
  at::autocast::set_autocast_enabled(device_, false);
}

FullPrecisionGuard::~FullPrecisionGuard() { at::autocast::set_autocast_enabled(device_, was_enabled_); }

}  // namespace deepmad::train
