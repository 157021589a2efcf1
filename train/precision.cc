#include "train/precision.h"

#include <ATen/Context.h>
#include <ATen/autocast_mode.h>

namespace deepmad::train {

PrecisionOptions ReadPrecision(const base::Config& config) {
  PrecisionOptions options;
  options.bfloat16 = config.GetChoice("precision", "float32", {"float32", "bfloat16"}) == "bfloat16";
  options.channels_last = config.GetBool("channels_last", options.channels_last);
  options.deterministic = config.GetBool("deterministic", options.deterministic);
  return options;
}

std::string PrecisionName(const PrecisionOptions& options, c10::DeviceType device) {
  if (options.bfloat16) return "bfloat16";
  return device == c10::kCUDA && !options.deterministic ? "float32 (TF32 allowed)" : "float32";
}

void ApplyPrecision(const PrecisionOptions& options) {
  at::Context& context = at::globalContext();
  context.setDeterministicAlgorithms(options.deterministic, /*warn_only=*/true);
  context.setDeterministicCuDNN(options.deterministic);
  context.setBenchmarkCuDNN(!options.deterministic);
  context.setAllowTF32CuDNN(!options.deterministic);
  context.setAllowTF32CuBLAS(!options.deterministic);
}

AutocastGuard::AutocastGuard(const PrecisionOptions& options, c10::DeviceType device) : active_(options.bfloat16), device_(device) {
  if (!active_) return;
  was_enabled_ = at::autocast::is_autocast_enabled(device_);
  at::autocast::set_autocast_enabled(device_, true);
  at::autocast::set_autocast_dtype(device_, at::kBFloat16);
  at::autocast::increment_nesting();
}

AutocastGuard::~AutocastGuard() {
  if (!active_) return;
  if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
  at::autocast::set_autocast_enabled(device_, was_enabled_);
}

}  // namespace deepmad::train
