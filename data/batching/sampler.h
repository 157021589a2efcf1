// Which samples go into which batch: a pure function of (seed, epoch, rank), the same for any number of workers.
#pragma once

#include <cstdint>
#include <vector>

namespace deepmad::data {

struct SamplerOptions {
  int64_t batch_size = 1;  // per rank
  uint64_t seed = 0;
  bool shuffle = false;
  bool drop_last = false;     // drop the tail that does not fill a batch on every rank
  int repeats = 1;            // repeated augmentation: each sample so often in a row, of as many samples as make an epoch
  int64_t epoch_batches = 0;  // of an endless stream: batches a rank that are called an epoch; 0: an epoch is one pass over the set
  int rank = 0;
  int world = 1;
};

// One rank's part of a data set. The order of an epoch is a permutation (0..n-1 without shuffle), equal on every rank; rank r of w takes
// positions r, r+w, r+2w, ... With drop_last every rank has the same number of full batches; otherwise each position is on exactly one
// rank. Repeated augmentation lists each index `repeats` times in a row and uses the first floor(n / 256) * 256 / world positions per rank
// of n samples (Berman et al., 2019; docs/protocols/classification.md, section 4). An endless stream chains passes, each with its own
// permutation, and batches cross their borders: epoch e starts at position e * epoch_batches * batch_size * world. Nothing is dropped or
// repeated, and the set may be smaller than a batch. If the set has groups and drop_last is on, a batch over all ranks holds samples of one
// group only. A group is filled up rather than cut (GroupBatches), so a pass is slightly longer than the set.
class Sampler {
 public:
  // UsageError when drop_last would drop everything, and for an endless stream with repeats.
  Sampler(int64_t samples, const SamplerOptions& options, std::vector<int> groups = {});

  int64_t batches_per_epoch() const { return batches_; }
  // The order of `epoch`: sample indices by position in it, as many as a pass has; of an endless stream, as many as the epoch has.
  std::vector<int64_t> Order(int64_t epoch) const;
  // The positions in the epoch of batch 0..batches_per_epoch()-1 of this rank.
  std::vector<int64_t> Positions(int64_t batch) const;

 private:
  std::vector<int64_t> PassOrder(int64_t pass) const;
  std::vector<int64_t> StreamOrder(int64_t epoch) const;

  int64_t samples_;
  SamplerOptions options_;
  std::vector<int> groups_;  // by index; empty: no groups
  int64_t pass_;             // positions of one pass
  int64_t share_;            // positions of this rank, after dropping
  int64_t batches_;
};

}  // namespace deepmad::data
