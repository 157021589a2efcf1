#include "mad/bound/entropy_windows.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace deepmad::mad {
namespace {

struct Interval {
  double low = 0, high = 0;
};

// A block's entropy: it grows with every channel number.
double EntropyAt(const KernelForms& forms, double in, double out, double bottleneck, double depth) {
  const std::array<double, kSymbols> numbers{in, out, bottleneck, 0};
  const std::array<double, kSymbols> logs{std::log(in), std::log(out), bottleneck > 0 ? std::log(bottleneck) : 0, 0};
  return forms.first_changed.entropy.At(numbers, logs) + (depth - 1) * forms.other.entropy.At(numbers, logs);
}

}  // namespace

EntropyWindows::EntropyWindows(const DesignProblem& problem, const ProblemForms& forms)
    : problem_(problem),
      forms_(forms),
      sum_form_(problem.formulation->entropy_form == EntropyForm::kPlusWidth),
      alpha_(forms.blocks.size(), 0.0),
      log_area_(forms.layout.log_map_area) {
  const size_t blocks = forms.blocks.size();
  for (size_t i = 0; i < blocks; ++i) {
    if (forms.layout.ends_stage[i]) alpha_[i] = problem.objective.stage_weights[static_cast<size_t>(forms.layout.stage[i])];
  }
  weight_ = centre_ = entropy_centre_ = entropy_radius_ = error_ = std::vector<double>(blocks, 0.0);
}

void EntropyWindows::Set(const Box& box) {
  const size_t blocks = forms_.blocks.size();
  Interval sum;
  Range in{problem_.input.channels, problem_.input.channels};
  for (size_t i = 0; i < blocks; ++i) {
    const auto& [out, inner, depth, kernels] = box.blocks[i];
    const double log_low = std::log(out.low), log_high = std::log(out.high);
    centre_[i] = (log_low + log_high) / 2;
    entropy_centre_[i] = (sum.low + sum.high) / 2;
    entropy_radius_[i] = (sum.high - sum.low) / 2;
    error_[i] = sum_form_ ? 0 : alpha_[i] * (log_high - log_low) / 2 * entropy_radius_[i];

    Interval block{1e300, -1e300};
    for (size_t k = 0; k < forms_.blocks[i].kernels.size(); ++k) {
      if (!(kernels >> k & 1)) continue;
      const KernelForms& forms = forms_.blocks[i].kernels[k];
      for (const int units : {depth.low, depth.high}) {  // linear in the depth
        block.low = std::min(block.low, EntropyAt(forms, in.low, out.low, inner.low, units));
        block.high = std::max(block.high, EntropyAt(forms, in.high, out.high, inner.high, units));
      }
    }
    sum.low += block.low;
    sum.high += block.high;
    in = out;
  }
  double behind = 0;
  for (size_t i = blocks; i-- > 0;) {
    weight_[i] = behind + (sum_form_ ? alpha_[i] : 0);
    behind += alpha_[i] * (sum_form_ ? 1 : centre_[i] + log_area_[i]);
  }
}

double EntropyWindows::CrossAt(size_t block, double log_width) const {
  const double away = log_width - centre_[block];
  return alpha_[block] * (away * entropy_centre_[block] + std::abs(away) * entropy_radius_[block]);
}

double EntropyWindows::WidthTerm(size_t block, double log_low, double log_high) const {
  if (alpha_[block] == 0) return 0;
  if (sum_form_) return alpha_[block] * log_high;
  return std::max(CrossAt(block, log_low), CrossAt(block, log_high));  // convex in the width
}

}  // namespace deepmad::mad
