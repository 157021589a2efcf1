// cuBLAS and cuBLASLt: handles, and products that are one kernel each.
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "tests/fakecuda/runtime/calls.h"
#include "tests/fakecuda/runtime/kernels.h"

namespace {

constexpr int kSuccess = 0, kExecutionFailed = 13;

struct Handle {
  cudaStream_t stream = nullptr;
  int math_mode = 0, pointer_mode = 0;
};

int Product(const char* name, cudaStream_t stream) {
  return fakecuda::LaunchNamed(name, stream) == cudaSuccess ? kSuccess : kExecutionFailed;
}

int Made(void** object) {
  static char anything;
  *object = &anything;
  return kSuccess;
}

}  // namespace

FAKE_CUDA_API int cublasCreate_v2(Handle** handle) {
  *handle = new Handle;
  return kSuccess;
}
FAKE_CUDA_API int cublasDestroy_v2(Handle* handle) {
  delete handle;
  return kSuccess;
}
FAKE_CUDA_API int cublasGetMathMode(const Handle* handle, int* mode) {
  *mode = handle->math_mode;
  return kSuccess;
}
FAKE_CUDA_API int cublasSetMathMode(Handle* handle, int mode) {
  handle->math_mode = mode;
  return kSuccess;
}
FAKE_CUDA_API int cublasGetPointerMode_v2(const Handle* handle, int* mode) {
  *mode = handle->pointer_mode;
  return kSuccess;
}
FAKE_CUDA_API int cublasSetPointerMode_v2(Handle* handle, int mode) {
  handle->pointer_mode = mode;
  return kSuccess;
}
FAKE_CUDA_API int cublasSetWorkspace_v2(Handle*, void*, size_t) { return kSuccess; }
FAKE_CUDA_API int cublasSetStream_v2(Handle* handle, cudaStream_t stream) {
  handle->stream = stream;
  return kSuccess;
}

// Only the handle matters, so the other arguments are left unnamed.
#define PRODUCT(function) \
  FAKE_CUDA_API int function(const Handle* handle, ...) { return Product(#function, handle->stream); }
PRODUCT(cublasSgemm_v2)
PRODUCT(cublasDgemm_v2)
PRODUCT(cublasSgemmEx)
PRODUCT(cublasGemmEx)
PRODUCT(cublasSgemmStridedBatched)
PRODUCT(cublasDgemmStridedBatched)
PRODUCT(cublasGemmStridedBatchedEx)
PRODUCT(cublasSgemv_v2)
PRODUCT(cublasDgemv_v2)
PRODUCT(cublasSdot_v2)
PRODUCT(cublasDdot_v2)
PRODUCT(cublasDotEx)
#undef PRODUCT

FAKE_CUDA_API size_t cublasLtGetVersion() { return 130000; }
FAKE_CUDA_API int cublasLtMatmulDescCreate(void** description, int, int) { return Made(description); }
FAKE_CUDA_API int cublasLtMatmulDescDestroy(void*) { return kSuccess; }
FAKE_CUDA_API int cublasLtMatmulDescSetAttribute(void*, int, const void*, size_t) { return kSuccess; }
FAKE_CUDA_API int cublasLtMatmulPreferenceCreate(void** preference) { return Made(preference); }
FAKE_CUDA_API int cublasLtMatmulPreferenceDestroy(void*) { return kSuccess; }
FAKE_CUDA_API int cublasLtMatmulPreferenceSetAttribute(void*, int, const void*, size_t) { return kSuccess; }
FAKE_CUDA_API int cublasLtMatrixLayoutCreate(void** layout, int, uint64_t, uint64_t, int64_t) { return Made(layout); }
FAKE_CUDA_API int cublasLtMatrixLayoutDestroy(void*) { return kSuccess; }
FAKE_CUDA_API int cublasLtMatrixLayoutSetAttribute(void*, int, const void*, size_t) { return kSuccess; }
FAKE_CUDA_API int cublasLtMatmulAlgoGetHeuristic(void*, void*, void*, void*, void*, void*, void*, int, void* results, int* count) {
  constexpr size_t kResultBytes = 64;  // the algorithm, and a state of success
  std::memset(results, 0, kResultBytes);
  *count = 1;
  return kSuccess;
}
FAKE_CUDA_API int cublasLtMatmul(void*, void*, const void*, const void*, void*, const void*, void*, const void*, const void*, void*, void*,
                                 void*, const void*, void*, size_t, cudaStream_t stream) {
  return Product("cublasLtMatmul", stream);
}
