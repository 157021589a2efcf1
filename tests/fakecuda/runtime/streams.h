// Streams and events. Work is done at once; what a stream knows to be over is kept as an order of its work, so that the host is told of a
// copy only when it has waited for it (transfers.h), and a recording (capture.h) can be asked whether its branches met again.
#pragma once

#include <cuda_runtime_api.h>

#include <functional>
#include <map>

#include "tests/fakecuda/runtime/queue.h"

namespace fakecuda {

struct Capture;

// By the number of a stream: up to which of its works something has waited.
using Reached = std::map<int, long>;
void Merge(Reached& into, const Reached& from);

struct Stream {
  int number = 0;
  long order = 0;              // works given to it
  Reached reached;             // of other streams
  Nanoseconds end = 0;         // when its work is over
  Capture* capture = nullptr;  // it is being recorded
};

// The stream of a handle; the default ones are those of the current device.
Stream& StreamOf(cudaStream_t handle);
Stream& StreamOf(int number);
int StreamCount();

// All that is given to the stream so far.
Reached AllOf(const Stream& stream);

// Does the work, of so many kernels, behind the stream's; while the stream is recorded it is kept for the replays.
cudaError_t Enqueue(cudaStream_t handle, const char* what, double kernels, std::function<void()> work);
// The same, not in a recording.
void Perform(Stream& stream, double kernels, const std::function<void()>& work);

}  // namespace fakecuda
