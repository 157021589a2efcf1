#include "tests/fakecuda/runtime/streams.h"

#include <algorithm>
#include <deque>
#include <utility>

#include "tests/fakecuda/runtime/calls.h"
#include "tests/fakecuda/runtime/capture.h"
#include "tests/fakecuda/runtime/devices.h"
#include "tests/fakecuda/runtime/transfers.h"

// The handle of an event.
struct CUevent_st {
  fakecuda::Reached reached;
  fakecuda::Nanoseconds time = 0;
  fakecuda::Capture* capture = nullptr;  // it was recorded in one that is under way
};

namespace fakecuda {
namespace {

// They live as long as the process, as LibTorch's do: a handle points at one.
std::deque<Stream>& Streams() {
  static auto* const streams = new std::deque<Stream>;
  return *streams;
}

Stream& NewStream() {
  const Lock lock(Mutex());
  Stream& stream = Streams().emplace_back();
  stream.number = static_cast<int>(Streams().size()) - 1;
  return stream;
}

bool IsDefault(cudaStream_t handle) { return handle == nullptr || handle == cudaStreamLegacy || handle == cudaStreamPerThread; }

cudaError_t AwaitEvent(const CUevent_st& event) {
  SleepUntil(event.time);
  Land(event.reached);
  return cudaSuccess;
}

// An event of a recording that is over is like one never recorded.
bool InCapture(CUevent_st& event) {
  if (event.capture != nullptr && !UnderWay(event.capture)) event.capture = nullptr;
  return event.capture != nullptr;
}

}  // namespace

void Merge(Reached& into, const Reached& from) {
  for (const auto& [number, order] : from) into[number] = std::max(into[number], order);
}

Stream& StreamOf(cudaStream_t handle) {
  if (!IsDefault(handle)) return *reinterpret_cast<Stream*>(handle);
  static auto* const defaults = new std::map<int, Stream*>;  // by device
  const Lock lock(Mutex());
  Stream*& stream = (*defaults)[CurrentDevice()];
  if (stream == nullptr) stream = &NewStream();
  return *stream;
}

Stream& StreamOf(int number) { return Streams()[static_cast<size_t>(number)]; }
int StreamCount() { return static_cast<int>(Streams().size()); }

Reached AllOf(const Stream& stream) {
  Reached reached = stream.reached;
  reached[stream.number] = stream.order;
  return reached;
}

void Perform(Stream& stream, double kernels, const std::function<void()>& work) {
  ++stream.order;
  if (kernels > 0) stream.end = Occupy(kernels, stream.end);
  if (work) work();
}

cudaError_t Enqueue(cudaStream_t handle, const char* what, double kernels, std::function<void()> work) {
  const Lock lock(Mutex());
  Stream& stream = StreamOf(handle);
  if (stream.capture == nullptr) {
    Perform(stream, kernels, work);
    return cudaSuccess;
  }
  ++stream.order;
  return Keep(*stream.capture, what, kernels, std::move(work));
}

}  // namespace fakecuda

using namespace fakecuda;

FAKE_CUDA_API cudaError_t cudaStreamCreate(cudaStream_t* stream) {
  *stream = reinterpret_cast<cudaStream_t>(&NewStream());
  return cudaSuccess;
}
FAKE_CUDA_API cudaError_t cudaStreamCreateWithPriority(cudaStream_t* stream, unsigned, int) { return cudaStreamCreate(stream); }
FAKE_CUDA_API cudaError_t cudaStreamDestroy(cudaStream_t) { return cudaSuccess; }
FAKE_CUDA_API cudaError_t cudaDeviceGetStreamPriorityRange(int* least, int* greatest) {
  *least = 0;
  *greatest = -5;
  return cudaSuccess;
}

FAKE_CUDA_API cudaError_t cudaStreamSynchronize(cudaStream_t handle) {
  const Stream& stream = StreamOf(handle);
  if (stream.capture != nullptr) return Spoil(*stream.capture, cudaErrorStreamCaptureUnsupported, "cudaStreamSynchronize");
  if (Unsafe()) return Refuse(cudaErrorStreamCaptureUnsupported, "cudaStreamSynchronize");
  Count("wait: cudaStreamSynchronize");
  SleepUntil(stream.end);
  const Lock lock(Mutex());
  Land(AllOf(stream));
  return cudaSuccess;
}

FAKE_CUDA_API cudaError_t cudaDeviceSynchronize() {
  if (Unsafe()) return Refuse(cudaErrorStreamCaptureUnsupported, "cudaDeviceSynchronize");
  Count("wait: cudaDeviceSynchronize");
  SleepUntil(QueueEnd());
  const Lock lock(Mutex());
  LandAll();
  return cudaSuccess;
}

FAKE_CUDA_API cudaError_t cudaStreamQuery(cudaStream_t handle) {
  if (Unsafe()) return Refuse(cudaErrorStreamCaptureUnsupported, "cudaStreamQuery");
  const Lock lock(Mutex());
  const Stream& stream = StreamOf(handle);
  if (Now() < stream.end) return cudaErrorNotReady;
  Land(AllOf(stream));
  return cudaSuccess;
}

FAKE_CUDA_API cudaError_t cudaStreamWaitEvent(cudaStream_t handle, cudaEvent_t event, unsigned) {
  const Lock lock(Mutex());
  Count("cudaStreamWaitEvent");
  Stream& stream = StreamOf(handle);
  if (InCapture(*event)) {
    if (stream.capture != nullptr && stream.capture != event->capture) {
      return Spoil(*stream.capture, cudaErrorStreamCaptureMerge, "cudaStreamWaitEvent");
    }
    stream.capture = event->capture;  // a branch of the recording
  } else if (stream.capture != nullptr) {
    return Spoil(*stream.capture, cudaErrorStreamCaptureIsolation, "cudaStreamWaitEvent of an event from outside the recording");
  }
  Merge(stream.reached, event->reached);
  stream.end = std::max(stream.end, event->time);
  return cudaSuccess;
}

FAKE_CUDA_API cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) {
  *event = new CUevent_st;
  return cudaSuccess;
}
FAKE_CUDA_API cudaError_t cudaEventCreate(cudaEvent_t* event) { return cudaEventCreateWithFlags(event, cudaEventDefault); }
FAKE_CUDA_API cudaError_t cudaEventDestroy(cudaEvent_t event) {
  const Lock lock(Mutex());
  delete event;
  return cudaSuccess;
}

FAKE_CUDA_API cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t handle) {
  const Lock lock(Mutex());
  Count("cudaEventRecord");
  const Stream& stream = StreamOf(handle);
  *event = {AllOf(stream), stream.capture == nullptr ? std::max(stream.end, Now()) : 0, stream.capture};
  return cudaSuccess;
}
FAKE_CUDA_API cudaError_t cudaEventRecordWithFlags(cudaEvent_t event, cudaStream_t stream, unsigned) {
  return cudaEventRecord(event, stream);
}

FAKE_CUDA_API cudaError_t cudaEventQuery(cudaEvent_t event) {
  const Lock lock(Mutex());
  if (InCapture(*event)) return Spoil(*event->capture, cudaErrorStreamCaptureUnsupported, "cudaEventQuery");
  if (Unsafe()) return Refuse(cudaErrorStreamCaptureUnsupported, "cudaEventQuery");
  return Now() < event->time ? cudaErrorNotReady : AwaitEvent(*event);
}

FAKE_CUDA_API cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  {
    const Lock lock(Mutex());
    if (InCapture(*event)) return Spoil(*event->capture, cudaErrorStreamCaptureUnsupported, "cudaEventSynchronize");
    if (Unsafe()) return Refuse(cudaErrorStreamCaptureUnsupported, "cudaEventSynchronize");
  }
  Count("wait: cudaEventSynchronize");
  return AwaitEvent(*event);
}

FAKE_CUDA_API cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t start, cudaEvent_t end) {
  const Lock lock(Mutex());
  *milliseconds = static_cast<float>(Seconds(end->time - start->time) * 1e3);
  return cudaSuccess;
}
