#include "train/tasks/channel_dropout.h"

#include <ATen/ops/empty.h>

#include "base/random.h"
#include "models/device/pinned_copy.h"

namespace deepmad::train {

std::vector<at::Tensor> DrawChannelDropout(double rate, const std::vector<int64_t>& channels, const data::Batch& batch,
                                           const BatchPosition& position) {
  std::vector<at::Tensor> factors(channels.size());
  if (rate == 0) return factors;
  const int64_t samples = batch.images.size(0);
  for (size_t map = 0; map < channels.size(); ++map) factors[map] = at::empty({samples, channels[map], 1, 1}, at::kFloat);
  const auto kept = static_cast<float>(1 / (1 - rate));
  for (int64_t i = 0; i < samples; ++i) {
    const int64_t place = batch.first_position + i * batch.position_step;
    base::Random random(position.seed, base::RandomPurpose::kMix, static_cast<uint64_t>(position.epoch), static_cast<uint64_t>(place));
    for (size_t map = 0; map < channels.size(); ++map) {
      float* values = factors[map].mutable_data_ptr<float>() + i * channels[map];
      for (int64_t channel = 0; channel < channels[map]; ++channel) values[channel] = random.Bernoulli(rate) ? 0.0F : kept;
    }
  }
  for (at::Tensor& factor : factors) factor = models::CopyToDevice(factor, batch.images.device());
  return factors;
}

}  // namespace deepmad::train
