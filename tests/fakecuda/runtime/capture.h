// Recordings of streams, with CUDA's rules on what may be called meanwhile.
#pragma once

#include <cuda_runtime_api.h>

#include <functional>
#include <string>

namespace fakecuda {

struct Capture;

// Whether the calling thread makes an unsafe call now, one that may wait or take memory: recordings of the global mode forbid it to all
// threads, those of the thread's own mode to the thread that records, unless a thread has lowered its own mode. Such a call spoils them.
bool Unsafe();
// Fails, and the recording with it.
cudaError_t Spoil(Capture& capture, cudaError_t error, const std::string& call);
// Adds work to a recording.
cudaError_t Keep(Capture& capture, const char* what, double kernels, std::function<void()> work);
bool IsSpoilt(const Capture& capture);
bool UnderWay(const Capture* capture);

}  // namespace fakecuda
