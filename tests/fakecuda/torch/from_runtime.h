// What the stand-in's runtime gives its part for LibTorch.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>

extern "C" void fakecuda_zero(void* address, size_t size);              // makes memory of a device 0
extern "C" int fakecuda_launch(const char* name, cudaStream_t stream);  // a kernel of that name
