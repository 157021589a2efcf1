#include "train/tasks/classification/mixing.h"

#include <ATen/ops/index_select.h>
#include <ATen/ops/lerp.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "models/device/pinned_copy.h"

namespace deepmad::train {

MixingOptions ReadMixing(const base::Config& config) {
  MixingOptions options;
  options.mixup = config.GetDouble("mixup", options.mixup, 0, 10);
  options.cutmix = config.GetDouble("cutmix", options.cutmix, 0, 10);
  options.probability = config.GetDouble("mix_probability", options.probability, 0, 1);
  options.off_epoch = config.GetInt("mix_off_epoch", options.off_epoch, -1, 1'000'000);
  options.permute = config.GetChoice("mix_partner", "permutation", {"permutation", "reversed"}) == "permutation";
  return options;
}

Box CutBox(int64_t height, int64_t width, double lam, int64_t center_y, int64_t center_x) {
  const double share = std::sqrt(1 - lam);
  const int64_t half_height = static_cast<int64_t>(static_cast<double>(height) * share) / 2;
  const int64_t half_width = static_cast<int64_t>(static_cast<double>(width) * share) / 2;
  return {std::max<int64_t>(center_y - half_height, 0), std::min(center_y + half_height, height),
          std::max<int64_t>(center_x - half_width, 0), std::min(center_x + half_width, width)};
}

Mix DrawMix(const MixingOptions& options, base::Random random, int64_t epoch, int64_t batch_size, int64_t height, int64_t width) {
  Mix mix;
  const bool off = options.off_epoch >= 0 && epoch >= options.off_epoch;
  if (!options.enabled() || off || !random.Bernoulli(options.probability)) return mix;
  mix.cut = options.cutmix > 0 && (options.mixup == 0 || random.Bernoulli(0.5));
  const double alpha = mix.cut ? options.cutmix : options.mixup;
  mix.lam = random.Beta(alpha, alpha);
  if (mix.cut) {
    const int64_t center_y = random.UniformInt(0, height - 1);
    const int64_t center_x = random.UniformInt(0, width - 1);
    mix.box = CutBox(height, width, mix.lam, center_y, center_x);
    mix.lam = 1 - static_cast<double>(mix.box.area()) / static_cast<double>(height * width);
  }
  if (options.permute) {
    mix.partner = random.Permutation(batch_size);
  } else {
    mix.partner.resize(static_cast<size_t>(batch_size));
    std::iota(mix.partner.rbegin(), mix.partner.rend(), 0);
  }
  return mix;
}

at::Tensor PartnerIndex(const Mix& mix, at::Device device) {
  if (mix.lam == 1) return {};
  return models::CopyToDevice(at::tensor(mix.partner, at::kLong), device);
}

void MixImages(const Mix& mix, const at::Tensor& partner, at::Tensor& images) {
  if (mix.lam == 1) return;
  if (mix.cut) {
    const at::Tensor target = images.slice(2, mix.box.top, mix.box.bottom).slice(3, mix.box.left, mix.box.right);
    target.copy_(target.index_select(0, partner));
  } else {
    images.lerp_(images.index_select(0, partner), 1 - mix.lam);
  }
}

at::Tensor MixTargets(const Mix& mix, const at::Tensor& partner, const at::Tensor& targets) {
  if (mix.lam == 1) return targets;
  return at::lerp(targets, targets.index_select(0, partner), 1 - mix.lam);
}

}  // namespace deepmad::train
