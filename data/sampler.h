// Which samples go into which batch: a pure function of (seed, epoch, rank), the same for any number of workers.
#pragma once

#include <cstdint>
#include <vector>

namespace deepmad::data {

struct SamplerOptions {
  int64_t batch_size = 1;  // per rank
  uint64_t seed = 0;
  bool shuffle = false;
  bool drop_last = false;  // drop the tail that does not fill a batch on every rank
  int repeats = 1;         // repeated augmentation: each sample so often in a row, of as many samples as make an epoch
  int rank = 0;
  int world = 1;
};

// One rank's share of a set. The epoch's order is a permutation (or 0..n-1 without shuffle) that is equal on every rank; rank r of w takes
// its positions r, r+w, r+2w, ... Repeated, that order has each index `repeats` times in a row and, of n samples, the first
// floor(n / 256) * 256 / world positions a rank are used (Berman et al., 2019; specification classification 4). With drop_last every rank
// has equally many full batches; without, each position occurs on exactly one rank.
class Sampler {
 public:
  // UsageError when drop_last would drop everything.
  Sampler(int64_t samples, const SamplerOptions& options);

  int64_t batches_per_epoch() const { return batches_; }
  // The order of `epoch`: sample indices by position, length `samples`.
  std::vector<int64_t> Order(int64_t epoch) const;
  // The positions in the epoch of batch 0..batches_per_epoch()-1 of this rank.
  std::vector<int64_t> Positions(int64_t batch) const;

 private:
  int64_t samples_;
  SamplerOptions options_;
  int64_t share_;  // positions of this rank, after dropping
  int64_t batches_;
};

}  // namespace deepmad::data
