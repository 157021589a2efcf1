// Every operation on tensors of the stand-in device is computed by the kernel that LibTorch has for the CPU, on the same memory. A tensor
// of the CPU among the arguments is refused as libtorch_cuda refuses it, so a mixture of devices fails here as it would on a GPU.
#include <ATen/EmptyTensor.h>
#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/core/Tensor.h>
#include <c10/core/CPUAllocator.h>
#include <torch/library.h>

#include <cstring>

#include "tests/dispatch/device_memory.h"
#include "tests/dispatch/transfers.h"

namespace deepmad::dispatch {
namespace {

const c10::DispatchKeySet kCudaKey(c10::DispatchKey::CUDA), kCpuKey(c10::DispatchKey::CPU);

// A CPU tensor on the memory of one of the device; another tensor is returned as it is.
at::Tensor OnCpu(const at::Tensor& tensor) {
  if (!tensor.defined() || !tensor.is_cuda()) return tensor;
  const c10::Storage& memory = tensor.storage();
  c10::Storage storage(c10::Storage::use_byte_size_t(), memory.nbytes(), c10::DataPtr(memory.mutable_data(), at::kCPU),
                       c10::GetCPUAllocator(), /*resizable=*/true);
  const at::Tensor alias = at::detail::make_tensor<c10::TensorImpl>(std::move(storage), kCpuKey, tensor.dtype());
  alias.unsafeGetTensorImpl()->set_sizes_and_strides(tensor.sizes(), tensor.strides(), tensor.storage_offset());
  if (tensor.unsafeGetTensorImpl()->is_wrapped_number()) alias.unsafeGetTensorImpl()->set_wrapped_number(true);
  return alias;
}

at::Tensor CopyOnDevice(const at::Tensor& cpu) {
  const at::Tensor copy = at::detail::empty_strided_generic(cpu.sizes(), cpu.strides(), &DeviceAllocator(), kCudaKey, cpu.scalar_type());
  if (cpu.numel() > 0) std::memcpy(copy.mutable_data_ptr(), cpu.const_data_ptr(), copy.storage().nbytes());
  return copy;
}

// One call of an operation: its tensors and what the CPU kernel sees of them.
class Call {
 public:
  explicit Call(const c10::FunctionSchema& schema) : schema_(schema) {}

  // `argument` becomes what the CPU kernel takes.
  void ToCpu(c10::IValue& argument) {
    if (argument.isTensor()) {
      argument = Alias(argument.toTensor());
    } else if (argument.isTensorList()) {
      c10::List<at::Tensor> aliases;
      for (const at::Tensor& tensor : argument.toTensorList()) aliases.push_back(Alias(tensor));
      argument = aliases;
    } else if (argument.isOptionalTensorList()) {
      c10::List<std::optional<at::Tensor>> aliases;
      for (const std::optional<at::Tensor> tensor : argument.toOptionalTensorList()) {
        aliases.push_back(tensor ? std::optional(Alias(*tensor)) : std::nullopt);
      }
      argument = aliases;
    } else if (argument.isDevice()) {
      argument = at::Device(at::kCPU);
    }
  }

  void ToDevice(c10::IValue& result) const {
    if (result.isTensor()) {
      result = ResultOf(result.toTensor());
    } else if (result.isTensorList()) {
      c10::List<at::Tensor> results;
      for (const at::Tensor& tensor : result.toTensorList()) results.push_back(ResultOf(tensor));
      result = results;
    }
  }

  // Outputs that the kernel gave another size.
  void Resize() const {
    for (const auto& [tensor, alias] : seen_) {
      if (!tensor.is_cuda()) continue;
      c10::TensorImpl* impl = tensor.unsafeGetTensorImpl();
      if (alias.storage().data() != tensor.storage().data()) {
        impl->set_storage_keep_dtype(CopyOnDevice(alias).storage());
      } else if (alias.sizes() == tensor.sizes() && alias.strides() == tensor.strides()) {
        continue;
      }
      impl->set_sizes_and_strides(alias.sizes(), alias.strides(), alias.storage_offset());
    }
  }

 private:
  at::Tensor Alias(const at::Tensor& tensor) {
    if (!tensor.defined()) return tensor;
    TORCH_CHECK(tensor.is_cuda() || tensor.dim() == 0, schema_.operator_name(), ": tensors on the CPU and on a device");
    at::Tensor alias = OnCpu(tensor);
    seen_.emplace_back(tensor, alias);
    return alias;
  }

  at::Tensor ResultOf(const at::Tensor& result) const {
    if (!result.defined()) return result;
    for (const auto& [tensor, alias] : seen_) {
      if (alias.is_same(result)) return tensor;
    }
    for (const auto& [tensor, alias] : seen_) {
      if (!tensor.is_cuda() || !result.is_alias_of(alias)) continue;
      at::Tensor view =
          at::detail::make_tensor<c10::TensorImpl>(c10::TensorImpl::VIEW, c10::Storage(tensor.storage()), tensor.key_set(), tensor.dtype());
      view.unsafeGetTensorImpl()->set_sizes_and_strides(result.sizes(), result.strides(), result.storage_offset());
      return view;
    }
    return CopyOnDevice(result);
  }

  const c10::FunctionSchema& schema_;
  std::vector<std::pair<at::Tensor, at::Tensor>> seen_;  // as given, and as the CPU kernel sees it
};

void ByCpuKernel(const c10::OperatorHandle& op, torch::jit::Stack* stack) {
  const c10::FunctionSchema& schema = op.schema();
  Call call(schema);
  for (size_t i = stack->size() - schema.arguments().size(); i < stack->size(); ++i) call.ToCpu((*stack)[i]);
  {
    const at::AutoDispatchBelowADInplaceOrView below;
    op.redispatchBoxed(kCpuKey, stack);
  }
  call.Resize();
  for (size_t i = stack->size() - schema.returns().size(); i < stack->size(); ++i) call.ToDevice((*stack)[i]);
}

at::Tensor Empty(at::IntArrayRef sizes, std::optional<at::ScalarType> type, std::optional<at::Layout>, std::optional<at::Device>,
                 std::optional<bool>, std::optional<at::MemoryFormat> format) {
  return at::detail::empty_generic(sizes, &DeviceAllocator(), kCudaKey, at::dtype_or_default(type), format);
}

at::Tensor EmptyStrided(at::IntArrayRef sizes, at::IntArrayRef strides, std::optional<at::ScalarType> type, std::optional<at::Layout>,
                        std::optional<at::Device>, std::optional<bool>) {
  return at::detail::empty_strided_generic(sizes, strides, &DeviceAllocator(), kCudaKey, at::dtype_or_default(type));
}

at::Tensor& Copy(at::Tensor& to, const at::Tensor& from, bool non_blocking) {
  if (to.is_cuda() && from.is_cpu() && from.numel() > 0) {
    ++(non_blocking && from.is_pinned() ? AllTransfers().queued_to_device : AllTransfers().waited_to_device);
  }
  if (to.is_cpu() && from.is_cuda() && from.numel() > 0) ++AllTransfers().to_host;
  const at::AutoDispatchBelowADInplaceOrView below;
  OnCpu(to).copy_(OnCpu(from));
  return to;
}

at::Scalar Read(const at::Tensor& scalar) {
  ++AllTransfers().scalars;
  return OnCpu(scalar).item();
}

TORCH_LIBRARY_IMPL(_, CUDA, library) { library.fallback(torch::CppFunction::makeFromBoxedFunction<&ByCpuKernel>()); }

TORCH_LIBRARY_IMPL(aten, CUDA, library) {
  library.impl("empty.memory_format", &Empty);
  library.impl("empty_strided", &EmptyStrided);
  library.impl("copy_", &Copy);
  library.impl("_local_scalar_dense", &Read);
  // These two choose among kernels of their own for each kind of device before they dispatch.
  library.impl("convolution", torch::CppFunction::makeFromBoxedFunction<&ByCpuKernel>());
  library.impl("convolution_backward", torch::CppFunction::makeFromBoxedFunction<&ByCpuKernel>());
}

}  // namespace
}  // namespace deepmad::dispatch
