// The stand-in itself keeps CUDA's rules; here its functions are called in this process.
#include <cuda_runtime_api.h>
#include <gtest/gtest.h>
#include <nccl.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <thread>
#include <vector>

#include "tests/fakecuda/runtime/calls.h"
#include "tests/fakecuda/runtime/kernels.h"
#include "tests/fakecuda/runtime/memory.h"
#include "tests/fakecuda/runtime/queue.h"
#include "tests/fakecuda/runtime/streams.h"

namespace fakecuda {
namespace {

constexpr size_t kBytes = 1 << 20;

class RulesOfCuda : public testing::Test {
 protected:
  // The stand-in reads it with the first kernel; programs that other tests start are to know nothing of it.
  static void SetUpTestSuite() { ::setenv("FAKE_CUDA_KERNEL_US", "50000", 1); }
  static void TearDownTestSuite() { ::unsetenv("FAKE_CUDA_KERNEL_US"); }

  void SetUp() override {
    ASSERT_EQ(cudaMalloc(&device_, kBytes), cudaSuccess);
    ASSERT_EQ(cudaHostAlloc(&pinned_, kBytes, 0), cudaSuccess);
    for (cudaStream_t* stream : {&stream_, &other_}) ASSERT_EQ(cudaStreamCreate(stream), cudaSuccess);
    ASSERT_EQ(cudaEventCreate(&event_), cudaSuccess);
    TheCalls().refused.clear();
  }
  void TearDown() override {
    cudaGetLastError();
    EXPECT_EQ(cudaEventDestroy(event_), cudaSuccess);
    EXPECT_EQ(cudaFreeHost(pinned_), cudaSuccess);
    EXPECT_EQ(cudaFree(device_), cudaSuccess);
  }

  // What the end of a recording says after `during` was called while it was under way.
  cudaError_t Recorded(cudaStreamCaptureMode mode, const std::function<void()>& during) {
    EXPECT_EQ(cudaStreamBeginCapture(stream_, mode), cudaSuccess);
    during();
    cudaGraph_t graph = nullptr;
    const cudaError_t error = cudaStreamEndCapture(stream_, &graph);
    EXPECT_EQ(graph != nullptr, error == cudaSuccess);
    if (graph != nullptr) cudaGraphDestroy(graph);
    return error;
  }
  static cudaError_t TakeMemory() {
    void* memory = nullptr;
    const cudaError_t error = cudaMalloc(&memory, kBytes);
    if (error == cudaSuccess) cudaFree(memory);
    return error;
  }
  static cudaError_t InThread(const std::function<cudaError_t()>& call) {
    cudaError_t error = cudaSuccess;
    std::thread([&] { error = call(); }).join();
    return error;
  }
  unsigned char* pinned_bytes() const { return static_cast<unsigned char*>(pinned_); }

  void* device_ = nullptr;
  void* pinned_ = nullptr;
  cudaStream_t stream_ = nullptr, other_ = nullptr;
  cudaEvent_t event_ = nullptr;
};

TEST_F(RulesOfCuda, TheHostCannotReadMemoryOfADevice) {
  EXPECT_EXIT(static_cast<volatile char*>(device_)[1] = 1, testing::ExitedWithCode(139), "the host touches memory of a device");
}

TEST_F(RulesOfCuda, MemoryBeginsAsZeroAndEnds) {
  EXPECT_EQ(*Reach(device_), 0);
  EXPECT_EQ(FindBlock(static_cast<char*>(device_) + kBytes - 1)->address, device_);
  void* more = nullptr;
  EXPECT_EQ(cudaMalloc(&more, DeviceBytes()), cudaErrorMemoryAllocation);
  EXPECT_EQ(cudaGetLastError(), cudaErrorMemoryAllocation);
  EXPECT_EQ(cudaMemcpyAsync(device_, pinned_, kBytes + 1, cudaMemcpyDefault, stream_), cudaErrorInvalidValue);
  size_t free = 0, total = 0;
  cudaMemGetInfo(&free, &total);
  EXPECT_EQ(total - free, kBytes);
}

TEST_F(RulesOfCuda, ZeroingTouchesNothingElse) {
  char* bytes = Reach(device_);
  std::fill(bytes, bytes + kBytes, 7);
  Zero(static_cast<char*>(device_) + 100, 3 * 4096);
  EXPECT_EQ(std::count(bytes, bytes + kBytes, 0), 3 * 4096);
  EXPECT_EQ(bytes[99], 7);
  EXPECT_EQ(bytes[100 + 3 * 4096], 7);
}

TEST_F(RulesOfCuda, ACopyToTheHostIsThereWhenItWasWaitedFor) {
  ASSERT_EQ(cudaMemsetAsync(device_, 5, kBytes, stream_), cudaSuccess);
  ASSERT_EQ(cudaMemcpyAsync(pinned_, device_, kBytes, cudaMemcpyDefault, stream_), cudaSuccess);
  EXPECT_EQ(pinned_bytes()[0], 0xFF);
  cudaEventRecord(event_, other_);  // which knows nothing of it
  cudaEventSynchronize(event_);
  EXPECT_EQ(pinned_bytes()[0], 0xFF);
  cudaEventRecord(event_, stream_);
  cudaStreamWaitEvent(other_, event_, 0);
  cudaStreamSynchronize(other_);  // through the other stream
  EXPECT_EQ(pinned_bytes()[0], 5);
}

TEST_F(RulesOfCuda, PinnedMemoryMustStayAsItIsWhileItIsCopied) {
  const auto faults = [] { return TheCalls().refused.size(); };
  cudaMemcpyAsync(device_, pinned_, kBytes, cudaMemcpyDefault, stream_);
  cudaStreamSynchronize(stream_);
  pinned_bytes()[3] = 1;
  EXPECT_EQ(faults(), 0U);
  cudaMemcpyAsync(device_, pinned_, kBytes, cudaMemcpyDefault, stream_);
  pinned_bytes()[3] = 2;
  cudaStreamSynchronize(stream_);
  EXPECT_EQ(faults(), 1U);
}

TEST_F(RulesOfCuda, ARecordingForbidsAllThreadsOrItsOwn) {
  EXPECT_EQ(Recorded(cudaStreamCaptureModeGlobal, [] {}), cudaSuccess);
  EXPECT_EQ(Recorded(cudaStreamCaptureModeGlobal, [] { EXPECT_EQ(InThread(TakeMemory), cudaErrorStreamCaptureUnsupported); }),
            cudaErrorStreamCaptureInvalidated);
  EXPECT_EQ(Recorded(cudaStreamCaptureModeThreadLocal, [] { EXPECT_EQ(InThread(TakeMemory), cudaSuccess); }), cudaSuccess);
  EXPECT_EQ(Recorded(cudaStreamCaptureModeThreadLocal, [] { EXPECT_EQ(TakeMemory(), cudaErrorStreamCaptureUnsupported); }),
            cudaErrorStreamCaptureInvalidated);
  EXPECT_EQ(Recorded(cudaStreamCaptureModeRelaxed, [] { EXPECT_EQ(TakeMemory(), cudaSuccess); }), cudaSuccess);
  EXPECT_EQ(Recorded(cudaStreamCaptureModeGlobal,
                     [] {
                       cudaStreamCaptureMode mode = cudaStreamCaptureModeRelaxed;
                       cudaThreadExchangeStreamCaptureMode(&mode);
                       EXPECT_EQ(TakeMemory(), cudaSuccess);
                       cudaThreadExchangeStreamCaptureMode(&mode);
                     }),
            cudaSuccess);
}

TEST_F(RulesOfCuda, ARecordingIsSpoiltByAWaitAndByPageableMemory) {
  EXPECT_EQ(Recorded(cudaStreamCaptureModeThreadLocal, [&] { cudaStreamSynchronize(stream_); }), cudaErrorStreamCaptureInvalidated);
  std::vector<char> pageable(8);
  EXPECT_EQ(Recorded(cudaStreamCaptureModeThreadLocal, [&] { cudaMemcpyAsync(pageable.data(), device_, 8, cudaMemcpyDefault, stream_); }),
            cudaErrorStreamCaptureInvalidated);
  EXPECT_EQ(Recorded(cudaStreamCaptureModeThreadLocal,
                     [&] {
                       cudaEventRecord(event_, other_);
                       EXPECT_EQ(cudaStreamWaitEvent(stream_, event_, 0), cudaErrorStreamCaptureIsolation);
                     }),
            cudaErrorStreamCaptureInvalidated);
}

TEST_F(RulesOfCuda, BranchesOfARecordingMeetAgain) {
  cudaEvent_t back = nullptr;
  cudaEventCreate(&back);
  for (const bool meet : {true, false}) {
    const cudaError_t expected = meet ? cudaSuccess : cudaErrorStreamCaptureUnjoined;
    EXPECT_EQ(Recorded(cudaStreamCaptureModeThreadLocal,
                       [&] {
                         cudaEventRecord(event_, stream_);
                         cudaStreamWaitEvent(other_, event_, 0);
                         cudaMemsetAsync(device_, 1, kBytes, other_);
                         cudaEventRecord(back, other_);
                         if (meet) cudaStreamWaitEvent(stream_, back, 0);
                       }),
              expected);
  }
  cudaEventDestroy(back);
}

TEST_F(RulesOfCuda, AReplayDoesTheRecordedWorkAnew) {
  cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal);
  cudaMemcpyAsync(device_, pinned_, kBytes, cudaMemcpyDefault, stream_);
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t ready = nullptr;
  ASSERT_EQ(cudaStreamEndCapture(stream_, &graph), cudaSuccess);
  ASSERT_EQ(cudaGraphInstantiateWithFlags(&ready, graph, 0), cudaSuccess);
  cudaGraphDestroy(graph);
  for (const char value : {3, 4}) {
    std::fill_n(static_cast<char*>(pinned_), kBytes, value);
    EXPECT_NE(*Reach(device_), value);
    cudaGraphLaunch(ready, stream_);
    cudaStreamSynchronize(stream_);
    EXPECT_EQ(*Reach(device_), value);
  }
  cudaGraphExecDestroy(ready);
}

TEST_F(RulesOfCuda, KernelsTakeTheirTimeOneByOne) {
  constexpr Nanoseconds kKernel = 50'000'000;
  const Nanoseconds start = Now();
  LaunchNamed("a", stream_);
  LaunchNamed("b", other_);
  cudaEventRecord(event_, stream_);
  EXPECT_EQ(cudaEventQuery(event_), cudaErrorNotReady);
  cudaEventSynchronize(event_);
  EXPECT_GE(Now() - start, kKernel);
  cudaStreamSynchronize(other_);
  EXPECT_GE(Now() - start, 2 * kKernel) << "the device was full with the first one";
  const QueueTimes before = TheQueueTimes();
  SleepUntil(Now() + kKernel);
  LaunchNamed("c", stream_);
  EXPECT_GE(TheQueueTimes().idle - before.idle, kKernel);
  EXPECT_EQ(TheQueueTimes().worked - before.worked, kKernel);
  cudaDeviceSynchronize();
  EXPECT_EQ(Launches().at("b"), 1);
}

TEST_F(RulesOfCuda, ExchangesTakeMemoryOfTheCommunicatorsDevice) {
  ncclComm_t communicator = nullptr;
  ASSERT_EQ(ncclCommInitRank(&communicator, 2, ncclUniqueId{}, 0), ncclSuccess);
  EXPECT_EQ(ncclAllReduce(device_, device_, 4, ncclFloat, ncclSum, communicator, stream_), ncclSuccess);
  EXPECT_EQ(ncclAllReduce(pinned_, device_, 4, ncclFloat, ncclSum, communicator, stream_), ncclInvalidArgument);
  int host = 0;
  EXPECT_EQ(ncclAllReduce(device_, &host, 4, ncclFloat, ncclSum, communicator, stream_), ncclInvalidArgument);
  EXPECT_EQ(TheCalls().refused.size(), 1U) << "one kind of call, twice";
}

}  // namespace
}  // namespace fakecuda
