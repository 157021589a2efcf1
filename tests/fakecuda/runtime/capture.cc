#include "tests/fakecuda/runtime/capture.h"

#include <pthread.h>

#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "tests/fakecuda/runtime/calls.h"
#include "tests/fakecuda/runtime/streams.h"

namespace fakecuda {

struct Work {
  double kernels = 0;
  std::function<void()> action;
};

struct Capture {
  unsigned long long id = 0;
  cudaStreamCaptureMode mode = cudaStreamCaptureModeGlobal;
  pthread_t thread{};
  Stream* origin = nullptr;
  bool spoilt = false;
  std::vector<Work> work;
};

namespace {

thread_local cudaStreamCaptureMode thread_mode = cudaStreamCaptureModeGlobal;

std::set<Capture*>& Active() {
  static auto* const active = new std::set<Capture*>;
  return *active;
}

// Whether work of a branch is left that the recorded stream has not waited for.
bool Unjoined(const Capture& capture) {
  const Reached reached = AllOf(*capture.origin);
  for (int number = 0; number < StreamCount(); ++number) {
    const Stream& stream = StreamOf(number);
    if (stream.capture != &capture) continue;
    const auto known = reached.find(number);
    if (known == reached.end() || known->second < stream.order) return true;
  }
  return false;
}

void Release(Capture* capture) {
  for (int number = 0; number < StreamCount(); ++number) {
    if (StreamOf(number).capture == capture) StreamOf(number).capture = nullptr;
  }
  Active().erase(capture);
}

}  // namespace

bool Unsafe() {
  const Lock lock(Mutex());
  bool unsafe = false;
  for (Capture* capture : Active()) {
    const bool own = pthread_equal(capture->thread, pthread_self()) != 0;
    if (thread_mode == cudaStreamCaptureModeRelaxed || capture->mode == cudaStreamCaptureModeRelaxed) continue;
    if (!own && (thread_mode == cudaStreamCaptureModeThreadLocal || capture->mode == cudaStreamCaptureModeThreadLocal)) continue;
    capture->spoilt = unsafe = true;
  }
  return unsafe;
}

cudaError_t Spoil(Capture& capture, cudaError_t error, const std::string& call) {
  capture.spoilt = true;
  return Refuse(error, call);
}

cudaError_t Keep(Capture& capture, const char* what, double kernels, std::function<void()> work) {
  if (capture.spoilt) return Refuse(cudaErrorStreamCaptureInvalidated, what);
  capture.work.push_back({kernels, std::move(work)});
  return cudaSuccess;
}

bool IsSpoilt(const Capture& capture) { return capture.spoilt; }
bool UnderWay(const Capture* capture) { return Active().count(const_cast<Capture*>(capture)) > 0; }

}  // namespace fakecuda

using fakecuda::Capture;

// The handles of a recording's work, and of the same made ready to run.
struct CUgraph_st {
  std::shared_ptr<const Capture> capture;
};
struct CUgraphExec_st {
  std::shared_ptr<const Capture> capture;
};

using namespace fakecuda;

FAKE_CUDA_API cudaError_t cudaStreamBeginCapture(cudaStream_t handle, cudaStreamCaptureMode mode) {
  static unsigned long long made = 0;
  const Lock lock(Mutex());
  Count("cudaStreamBeginCapture");
  if (handle == nullptr || handle == cudaStreamLegacy) return Refuse(cudaErrorStreamCaptureUnsupported, "cudaStreamBeginCapture");
  Stream& stream = StreamOf(handle);
  if (stream.capture != nullptr) return Refuse(cudaErrorIllegalState, "cudaStreamBeginCapture");
  stream.capture = new Capture{.id = ++made, .mode = mode, .thread = pthread_self(), .origin = &stream, .work = {}};
  Active().insert(stream.capture);
  return cudaSuccess;
}

FAKE_CUDA_API cudaError_t cudaStreamEndCapture(cudaStream_t handle, cudaGraph_t* graph) {
  const Lock lock(Mutex());
  *graph = nullptr;
  std::shared_ptr<Capture> capture(StreamOf(handle).capture);
  if (capture == nullptr) return Refuse(cudaErrorIllegalState, "cudaStreamEndCapture");
  const bool own = pthread_equal(capture->thread, pthread_self()) != 0;
  const cudaError_t error = !own && capture->mode != cudaStreamCaptureModeRelaxed ? cudaErrorStreamCaptureWrongThread
                            : capture->spoilt                                     ? cudaErrorStreamCaptureInvalidated
                            : capture->origin != &StreamOf(handle)                ? cudaErrorStreamCaptureUnmatched
                            : Unjoined(*capture)                                  ? cudaErrorStreamCaptureUnjoined
                                                                                  : cudaSuccess;
  Release(capture.get());
  if (error != cudaSuccess) return Refuse(error, "cudaStreamEndCapture");
  *graph = new CUgraph_st{std::move(capture)};
  return cudaSuccess;
}

FAKE_CUDA_API cudaError_t cudaStreamIsCapturing(cudaStream_t handle, cudaStreamCaptureStatus* status) {
  const Lock lock(Mutex());
  const Capture* capture = StreamOf(handle).capture;
  *status = capture == nullptr ? cudaStreamCaptureStatusNone
            : capture->spoilt  ? cudaStreamCaptureStatusInvalidated
                               : cudaStreamCaptureStatusActive;
  return cudaSuccess;
}

FAKE_CUDA_API cudaError_t cudaStreamGetCaptureInfo(cudaStream_t handle, cudaStreamCaptureStatus* status, unsigned long long* id,
                                                   cudaGraph_t* graph, const cudaGraphNode_t** nodes, const cudaGraphEdgeData** edges,
                                                   size_t* count) {
  const Lock lock(Mutex());
  const Capture* capture = StreamOf(handle).capture;
  if (capture != nullptr && id != nullptr) *id = capture->id;
  if (graph != nullptr) *graph = nullptr;
  if (nodes != nullptr) *nodes = nullptr;
  if (edges != nullptr) *edges = nullptr;
  if (count != nullptr) *count = 0;
  return cudaStreamIsCapturing(handle, status);
}

FAKE_CUDA_API cudaError_t cudaThreadExchangeStreamCaptureMode(cudaStreamCaptureMode* mode) {
  std::swap(*mode, thread_mode);
  return cudaSuccess;
}

FAKE_CUDA_API cudaError_t cudaGraphGetNodes(cudaGraph_t graph, cudaGraphNode_t*, size_t* count) {
  *count = graph->capture->work.size();
  return cudaSuccess;
}
FAKE_CUDA_API cudaError_t cudaGraphInstantiateWithFlags(cudaGraphExec_t* ready, cudaGraph_t graph, unsigned long long) {
  *ready = new CUgraphExec_st{graph->capture};
  return cudaSuccess;
}
FAKE_CUDA_API cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  const Lock lock(Mutex());
  delete graph;
  return cudaSuccess;
}
FAKE_CUDA_API cudaError_t cudaGraphExecDestroy(cudaGraphExec_t graph) {
  const Lock lock(Mutex());
  delete graph;
  return cudaSuccess;
}

FAKE_CUDA_API cudaError_t cudaGraphLaunch(cudaGraphExec_t graph, cudaStream_t handle) {
  const Lock lock(Mutex());
  Count("cudaGraphLaunch");
  Stream& stream = StreamOf(handle);
  if (stream.capture != nullptr) return Spoil(*stream.capture, cudaErrorStreamCaptureUnsupported, "cudaGraphLaunch");
  for (const Work& work : graph->capture->work) Perform(stream, work.kernels, work.action);
  return cudaSuccess;
}
