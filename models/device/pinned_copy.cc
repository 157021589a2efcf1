#include "models/device/pinned_copy.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>

namespace deepmad::models {

at::Tensor CopyToDevice(const at::Tensor& cpu, at::Device device) {
  if (device.is_cpu()) return cpu;
  // The allocator of pinned memory notes the copy and gives the block to nobody else before it is done.
  return cpu.pin_memory().to(device, cpu.scalar_type(), /*non_blocking=*/true);
}

std::vector<at::Tensor> CopyToHost(const std::vector<at::Tensor>& tensors) {
  std::vector<at::Tensor> copies;
  if (tensors.empty()) return copies;
  if (tensors.front().is_cpu()) {
    for (const at::Tensor& tensor : tensors) copies.push_back(tensor.contiguous());
    return copies;
  }
  std::vector<at::Tensor> flat;
  for (const at::Tensor& tensor : tensors) flat.push_back(tensor.reshape(-1));
  const at::Tensor all = at::cat(flat);
  const at::Tensor host = at::empty(all.sizes(), all.options().device(at::kCPU).pinned_memory(true));
  host.copy_(all);
  int64_t begin = 0;
  for (const at::Tensor& tensor : tensors) {
    copies.push_back(host.narrow(0, begin, tensor.numel()).view(tensor.sizes()));
    begin += tensor.numel();
  }
  return copies;
}

}  // namespace deepmad::models
