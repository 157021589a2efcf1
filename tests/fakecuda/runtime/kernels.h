// Launches of kernels by name.
#pragma once

#include <cuda_runtime_api.h>

#include <functional>
#include <map>
#include <string>

namespace fakecuda {

// One kernel on a stream, and what it does; `name` lives as long as the process. FAKE_CUDA_LAP: a launch of one with this text in its name
// ends a lap.
cudaError_t LaunchNamed(const char* name, cudaStream_t stream, std::function<void()> work = {});

// Those that ran, replayed ones included.
std::map<std::string, long> Launches();

}  // namespace fakecuda
