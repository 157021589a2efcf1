// Records a Chrome trace (chrome://tracing, Perfetto) of a few updates: the duration of each operation on CPU and GPU, within the ranges
// "forward", "backward" and "optimizer". Each rank writes its own file, collectives included ("gloo:all_reduce", NCCL kernels).
#pragma once

#include <c10/core/Device.h>

#include <string>

#include "train/distributed/rank_group.h"

namespace deepmad::train {

class Trace {
 public:
  static constexpr int kFirst = 3, kLast = 7;  // first and last traced update, counted from 0; earlier ones warm up

  // Writes to `path`, or traces nothing if it is empty. If `path` is trace.json, rank 1 of several writes trace.rank1.json.
  Trace(const std::string& path, at::Device device, const RankGroup* ranks);
  ~Trace();  // stops recording without writing a file
  Trace(const Trace&) = delete;
  Trace& operator=(const Trace&) = delete;

  // Call before each update of this session.
  void NextUpdate();
  // Call after the last update; writes what a short session has recorded so far. Throws FailedError if the file cannot be written or no
  // update was traced.
  void Finish();

 private:
  void Write();

  std::string path_;
  at::Device device_;
  const RankGroup* ranks_;
  int next_ = 0;
  bool recording_ = false;
};

}  // namespace deepmad::train
