// Copies between the processor's memory and a device's, by way of pinned memory.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <vector>

namespace deepmad::models {

// A copy of `cpu`, a tensor in the processor's memory, on `device`; `cpu` itself where that is the CPU. To a GPU it goes by way of pinned
// memory and behind the work that is queued there, so that the processor goes on at once; a copy from pageable memory would wait for all of
// that work. `cpu` may be changed or freed as soon as this returns, unless it is pinned itself: then it may be freed, but is not to be
// changed before the device has copied it.
at::Tensor CopyToDevice(const at::Tensor& cpu, at::Device device);

// `tensors`, all of one type and on one device, in the processor's memory and contiguous. From a GPU they come in one copy, so that the
// processor waits once for all of them.
std::vector<at::Tensor> CopyToHost(const std::vector<at::Tensor>& tensors);

}  // namespace deepmad::models
