// A Chrome trace (chrome://tracing, Perfetto) of some updates: which operation took how long, on the processor and on the GPU.
#pragma once

#include <c10/core/Device.h>

#include <string>

namespace deepmad::train {

class Trace {
 public:
  static constexpr int kFirst = 3, kLast = 7;  // updates that are traced, from 0: those before warm up

  // Writes to `path`; empty: traces nothing.
  Trace(std::string path, at::Device device) : path_(std::move(path)), device_(device) {}
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
  int next_ = 0;
  bool recording_ = false;
};

}  // namespace deepmad::train
