// A Chrome trace (chrome://tracing, Perfetto) of some updates: which operation took how long, on the processor and on the GPU, within the
// ranges "forward", "backward" and "optimizer". With several ranks each writes its own, with the exchanges: "gloo:all_reduce" on threads of
// their own, the kernels of NCCL in streams of their own.
#pragma once

#include <c10/core/Device.h>

#include <string>

#include "train/rank_group.h"

namespace deepmad::train {

class Trace {
 public:
  static constexpr int kFirst = 3, kLast = 7;  // updates that are traced, from 0: those before warm up

  // Writes to `path`; empty: traces nothing. Rank 1 of several writes trace.rank1.json for trace.json.
  Trace(const std::string& path, at::Device device, const RankGroup* ranks);
  ~Trace();  // ends without writing
  Trace(const Trace&) = delete;
  Trace& operator=(const Trace&) = delete;

  // Before each update of this session.
  void NextUpdate();
  // After the last one: a short session is traced as far as it went. FailedError where the file cannot be written, or there was no update
  // to trace.
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
