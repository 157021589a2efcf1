#include "data/batching/sampler.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/random.h"
#include "data/batching/grouped_batches.h"

namespace deepmad::data {

Sampler::Sampler(int64_t samples, const SamplerOptions& options, std::vector<int> groups)
    : samples_(samples), options_(options), groups_(options.drop_last ? std::move(groups) : std::vector<int>{}), pass_(samples) {
  const int64_t whole_batch = options.batch_size * options.world;
  if (!groups_.empty()) pass_ = CountGroupBatches(groups_, whole_batch) * whole_batch;
  if (options.epoch_batches > 0) {
    if (options.repeats > 1) {
      throw base::UsageError("repeated augmentation needs epochs", "data.train.repeats", "use 1, or train.epochs in place of train.steps");
    }
    batches_ = options.epoch_batches;
    share_ = batches_ * options.batch_size;
    return;
  }
  constexpr int64_t kRepeatedUnit = 256;
  const int64_t used = options.repeats > 1 ? samples / kRepeatedUnit * kRepeatedUnit / options.world * options.world : pass_;
  if (options.repeats > 1 && used == 0) {
    throw base::UsageError("the training set has " + std::to_string(samples) + " samples, too few for repeated augmentation",
                           "data.train.repeats", "use 1, or at least " + std::to_string(kRepeatedUnit) + " samples");
  }
  if (options.drop_last) {
    batches_ = used / whole_batch;
    share_ = batches_ * options.batch_size;
    if (batches_ == 0) {
      throw base::UsageError(
          "the training set has " + std::to_string(samples) + " samples, fewer than one batch of " + std::to_string(whole_batch),
          "train.batch_size", "use a smaller batch");
    }
  } else {
    share_ = (used - options.rank + options.world - 1) / options.world;
    batches_ = (share_ + options.batch_size - 1) / options.batch_size;
  }
}

std::vector<int64_t> Sampler::PassOrder(int64_t pass) const {
  std::vector<int64_t> order(samples_);
  if (options_.shuffle) {
    order = base::Random(options_.seed, base::RandomPurpose::kOrder, pass).Permutation(samples_);
  } else {
    std::iota(order.begin(), order.end(), int64_t{0});
  }
  if (groups_.empty()) return order;
  const base::Random batch_order(options_.seed, base::RandomPurpose::kOrder, pass, 1);
  return GroupBatches(order, groups_, options_.batch_size * options_.world, batch_order);
}

std::vector<int64_t> Sampler::StreamOrder(int64_t epoch) const {
  const int64_t length = share_ * options_.world, begin = epoch * length, end = begin + length;
  std::vector<int64_t> order;
  order.reserve(length);
  for (int64_t at = begin; at < end;) {
    const int64_t pass = at / pass_, stop = std::min(end, (pass + 1) * pass_);
    const std::vector<int64_t> whole = PassOrder(pass);
    order.insert(order.end(), whole.begin() + (at - pass * pass_), whole.begin() + (stop - pass * pass_));
    at = stop;
  }
  return order;
}

std::vector<int64_t> Sampler::Order(int64_t epoch) const {
  if (options_.epoch_batches > 0) return StreamOrder(epoch);
  std::vector<int64_t> order = PassOrder(epoch);
  if (options_.repeats > 1) {
    for (int64_t i = samples_ - 1; i > 0; --i) order[i] = order[i / options_.repeats];  // from the back: i / repeats is not yet changed
  }
  return order;
}

std::vector<int64_t> Sampler::Positions(int64_t batch) const {
  const int64_t begin = batch * options_.batch_size;
  const int64_t end = std::min(share_, begin + options_.batch_size);
  std::vector<int64_t> positions;
  positions.reserve(end - begin);
  for (int64_t i = begin; i < end; ++i) positions.push_back(options_.rank + i * options_.world);
  return positions;
}

}  // namespace deepmad::data
