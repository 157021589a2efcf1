// What the stand-in's runtime gives its part for LibTorch.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>

// Makes memory of a device 0, now or, where the stream is being recorded, in each replay.
extern "C" void fakecuda_begin_as_zero(void* address, size_t size, cudaStream_t stream);
// A kernel of that name.
extern "C" int fakecuda_launch(const char* name, cudaStream_t stream);
