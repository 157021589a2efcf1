// Batch mixing: mixup (Zhang et al., ICLR 2018) and CutMix (Yun et al., ICCV 2019). One draw per batch, a pure function of (seed, epoch,
// batch).
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <cstdint>
#include <vector>

#include "base/config/config.h"
#include "base/random.h"

namespace deepmad::train {

struct MixingOptions {
  double mixup = 0;        // lam ~ Beta(a, a); 0: off
  double cutmix = 0;       // as above; where both are on, each batch uses one of them, with probability 1/2
  double probability = 1;  // of mixing a batch at all
  int64_t off_epoch = -1;  // first epoch without mixing; -1: never off
  bool permute = true;     // partners by a random permutation; false: the batch reversed
  bool enabled() const { return mixup > 0 || cutmix > 0; }
};

// Reads mixup, cutmix, mix_probability, mix_off_epoch and mix_partner of the `task` section.
MixingOptions ReadMixing(const base::Config& config);

// Half-open rectangle, pixels.
struct Box {
  int64_t top = 0, bottom = 0, left = 0, right = 0;
  int64_t area() const { return (bottom - top) * (right - left); }
  friend bool operator==(const Box&, const Box&) = default;
};

// The box cut for `lam` around a centre: side * sqrt(1 - lam), truncated, on each side, clipped to the image.
Box CutBox(int64_t height, int64_t width, double lam, int64_t center_y, int64_t center_x);

// How one batch is mixed. Sample i keeps the share `lam` and gets 1 - lam from sample partner[i].
struct Mix {
  double lam = 1;  // 1: unmixed, all else empty
  std::vector<int64_t> partner;
  bool cut = false;
  Box box;  // pasted from the partner, if cut
};

Mix DrawMix(const MixingOptions& options, base::Random random, int64_t epoch, int64_t batch_size, int64_t height, int64_t width);

// The partners as [N] int64 on the device where the batch is, without waiting for the copy; undefined for an unmixed batch.
at::Tensor PartnerIndex(const Mix& mix, at::Device device);
// images [N, C, H, W] float32, in place; `partner` as PartnerIndex gives it.
void MixImages(const Mix& mix, const at::Tensor& partner, at::Tensor& images);
// targets [N, K] float32 -> lam * t + (1 - lam) * t_partner.
at::Tensor MixTargets(const Mix& mix, const at::Tensor& partner, const at::Tensor& targets);

}  // namespace deepmad::train
