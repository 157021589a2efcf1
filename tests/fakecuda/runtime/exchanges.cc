// NCCL: ranks that meet and exchange nothing. Each call is checked for memory that NCCL could not use and logged, so that the order of the
// ranks' calls can be compared.
#include "tests/fakecuda/runtime/exchanges.h"

#include <nccl.h>

#include <cstring>

#include "tests/fakecuda/runtime/calls.h"
#include "tests/fakecuda/runtime/devices.h"
#include "tests/fakecuda/runtime/kernels.h"
#include "tests/fakecuda/runtime/memory.h"

struct ncclComm {
  int size, rank, device;
};

namespace fakecuda {

std::vector<std::string>& Exchanges() {
  static auto* const exchanges = new std::vector<std::string>;
  return *exchanges;
}

namespace {

ncclResult_t Join(ncclComm_t* communicator, int size, int rank) {
  const Lock lock(Mutex());
  Count("communicator on device " + std::to_string(CurrentDevice()));
  *communicator = new ncclComm{size, rank, CurrentDevice()};
  return ncclSuccess;
}

ncclResult_t Exchange(const char* name, const void* from, const void* to, size_t count, int type, ncclComm_t communicator,
                      cudaStream_t stream) {
  const Lock lock(Mutex());
  Exchanges().push_back(std::string(name) + " of " + std::to_string(count) + " of type " + std::to_string(type));
  for (const void* buffer : {from, to}) {
    const Block* block = FindBlock(buffer);
    if (block == nullptr || block->pinned) {
      Refuse(cudaErrorInvalidValue, std::string(name) + " of memory of the host");
      return ncclInvalidArgument;
    }
    if (block->device != communicator->device) {
      Refuse(cudaErrorInvalidDevice, std::string(name) + " of memory of another device");
      return ncclInvalidArgument;
    }
  }
  return LaunchNamed(name, stream) == cudaSuccess ? ncclSuccess : ncclUnhandledCudaError;
}

}  // namespace
}  // namespace fakecuda

using namespace fakecuda;

FAKE_CUDA_API ncclResult_t ncclGetVersion(int* version) {
  *version = NCCL_VERSION_CODE;
  return ncclSuccess;
}
FAKE_CUDA_API ncclResult_t ncclGetUniqueId(ncclUniqueId* id) {
  std::memset(id, 0, sizeof *id);
  return ncclSuccess;
}
FAKE_CUDA_API ncclResult_t ncclCommInitRank(ncclComm_t* communicator, int size, ncclUniqueId, int rank) {
  return Join(communicator, size, rank);
}
FAKE_CUDA_API ncclResult_t ncclCommInitRankConfig(ncclComm_t* communicator, int size, ncclUniqueId, int rank, ncclConfig_t*) {
  return Join(communicator, size, rank);
}
FAKE_CUDA_API ncclResult_t ncclCommInitRankScalable(ncclComm_t* communicator, int size, int rank, int, ncclUniqueId*, ncclConfig_t*) {
  return Join(communicator, size, rank);
}
FAKE_CUDA_API ncclResult_t ncclCommGetAsyncError(ncclComm_t, ncclResult_t* error) {
  *error = ncclSuccess;
  return ncclSuccess;
}
FAKE_CUDA_API ncclResult_t ncclCommCount(const ncclComm_t communicator, int* count) {
  *count = communicator->size;
  return ncclSuccess;
}
FAKE_CUDA_API ncclResult_t ncclCommUserRank(const ncclComm_t communicator, int* rank) {
  *rank = communicator->rank;
  return ncclSuccess;
}
FAKE_CUDA_API ncclResult_t ncclCommFinalize(ncclComm_t) { return ncclSuccess; }
FAKE_CUDA_API ncclResult_t ncclCommDestroy(ncclComm_t) {
  Count("ncclCommDestroy");
  return ncclSuccess;
}
FAKE_CUDA_API ncclResult_t ncclCommAbort(ncclComm_t) {
  Count("ncclCommAbort");
  return ncclSuccess;
}
FAKE_CUDA_API ncclResult_t ncclCommRegister(const ncclComm_t, void*, size_t, void**) { return ncclSuccess; }
FAKE_CUDA_API ncclResult_t ncclCommDeregister(const ncclComm_t, void*) { return ncclSuccess; }
FAKE_CUDA_API ncclResult_t ncclCommWindowRegister(ncclComm_t, void*, size_t, ncclWindow_t*, int) { return ncclSuccess; }
FAKE_CUDA_API ncclResult_t ncclCommWindowDeregister(ncclComm_t, ncclWindow_t) { return ncclSuccess; }
FAKE_CUDA_API ncclResult_t ncclGroupStart() { return ncclSuccess; }
FAKE_CUDA_API ncclResult_t ncclGroupEnd() { return ncclSuccess; }
FAKE_CUDA_API const char* ncclGetErrorString(ncclResult_t result) { return result == ncclSuccess ? "no error" : "refused by the stand-in"; }
FAKE_CUDA_API const char* ncclGetLastError(ncclComm_t) { return "see the stand-in's report"; }

FAKE_CUDA_API ncclResult_t ncclAllReduce(const void* from, void* to, size_t count, ncclDataType_t type, ncclRedOp_t,
                                         ncclComm_t communicator, cudaStream_t stream) {
  return Exchange("ncclAllReduce", from, to, count, type, communicator, stream);
}
FAKE_CUDA_API ncclResult_t ncclAllGather(const void* from, void* to, size_t count, ncclDataType_t type, ncclComm_t communicator,
                                         cudaStream_t stream) {
  return Exchange("ncclAllGather", from, to, count, type, communicator, stream);
}
FAKE_CUDA_API ncclResult_t ncclReduceScatter(const void* from, void* to, size_t count, ncclDataType_t type, ncclRedOp_t,
                                             ncclComm_t communicator, cudaStream_t stream) {
  return Exchange("ncclReduceScatter", from, to, count, type, communicator, stream);
}
FAKE_CUDA_API ncclResult_t ncclBroadcast(const void* from, void* to, size_t count, ncclDataType_t type, int, ncclComm_t communicator,
                                         cudaStream_t stream) {
  return Exchange("ncclBroadcast", from, to, count, type, communicator, stream);
}
FAKE_CUDA_API ncclResult_t ncclBcast(void* buffer, size_t count, ncclDataType_t type, int, ncclComm_t communicator, cudaStream_t stream) {
  return Exchange("ncclBcast", buffer, buffer, count, type, communicator, stream);
}
