#include "tests/fakecuda/runtime/transfers.h"

#include <cstring>
#include <list>
#include <string>
#include <vector>

#include "tests/fakecuda/runtime/calls.h"
#include "tests/fakecuda/runtime/capture.h"
#include "tests/fakecuda/runtime/memory.h"

namespace fakecuda {
namespace {

constexpr int kNothingSensible = 0xFF;  // NaN as a float, -1 as an integer

struct Flight {
  int stream;
  long order;
  bool to_host;
  char* host;
  std::vector<char> bytes;  // what is copied
};

std::list<Flight>& Flights() {
  static auto* const flights = new std::list<Flight>;
  return *flights;
}

void LandOne(const Flight& flight) {
  if (flight.to_host) {
    std::memcpy(flight.host, flight.bytes.data(), flight.bytes.size());
  } else if (std::memcmp(flight.host, flight.bytes.data(), flight.bytes.size()) != 0) {
    Refuse(cudaErrorInvalidValue, "pinned memory changed while it was copied");
  }
}

enum class Place { kDevice, kPinned, kPageable };

Place PlaceOf(const void* address) {
  const Block* block = FindBlock(address);
  return block == nullptr ? Place::kPageable : block->pinned ? Place::kPinned : Place::kDevice;
}

const char* NameOf(Place from, Place to) {
  if (from == Place::kDevice && to == Place::kDevice) return "copy in device";
  if (from != Place::kDevice && to != Place::kDevice) return "copy in host";
  if (to == Place::kDevice) return from == Place::kPinned ? "copy to device" : "copy to device, pageable";
  return to == Place::kPinned ? "copy to host" : "copy to host, pageable";
}

bool InHost(const Block* block, const void* address, size_t size) {
  const auto* byte = static_cast<const char*>(address);
  return block == nullptr || byte + size <= block->address + block->size;
}

cudaError_t Copy(void* to, const void* from, size_t size, cudaStream_t handle) {
  const Lock lock(Mutex());
  Stream& stream = StreamOf(handle);
  const Place source = PlaceOf(from), target = PlaceOf(to);
  const std::string name = NameOf(source, target);
  const bool pageable = source == Place::kPageable || target == Place::kPageable;
  if (pageable && stream.capture != nullptr) return Spoil(*stream.capture, cudaErrorStreamCaptureUnsupported, name);
  if (!InHost(FindBlock(from), from, size) || !InHost(FindBlock(to), to, size)) return Refuse(cudaErrorInvalidValue, name);
  Count(name);
  if (pageable && target != Place::kDevice) {  // such a copy is over when the call is
    SleepUntil(stream.end);
    Land(AllOf(stream));
  }
  return Enqueue(handle, "copy", 0, [=, &stream] {
    if (pageable || source == target) {
      std::memmove(Reach(to), Reach(from), size);
      return;
    }
    const bool to_host = target == Place::kPinned;
    const char* bytes = Reach(from);
    Flights().push_back({stream.number, stream.order, to_host, Reach(to_host ? to : from), {bytes, bytes + size}});
    if (to_host) {
      std::memset(to, kNothingSensible, size);
    } else {
      std::memcpy(Reach(to), bytes, size);
    }
  });
}

}  // namespace

void Land(const Reached& reached) {
  const Lock lock(Mutex());
  for (auto flight = Flights().begin(); flight != Flights().end();) {
    const auto known = reached.find(flight->stream);
    if (known == reached.end() || known->second < flight->order) {
      ++flight;
      continue;
    }
    LandOne(*flight);
    flight = Flights().erase(flight);
  }
}

void LandAll() {
  const Lock lock(Mutex());
  for (const Flight& flight : Flights()) LandOne(flight);
  Flights().clear();
}

}  // namespace fakecuda

using namespace fakecuda;

FAKE_CUDA_API cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t size, cudaMemcpyKind, cudaStream_t stream) {
  return Copy(to, from, size, stream);
}
FAKE_CUDA_API cudaError_t cudaMemcpyPeerAsync(void* to, int, const void* from, int, size_t size, cudaStream_t stream) {
  return Copy(to, from, size, stream);
}
FAKE_CUDA_API cudaError_t cudaMemcpy2DAsync(void* to, size_t to_pitch, const void* from, size_t from_pitch, size_t width, size_t height,
                                            cudaMemcpyKind, cudaStream_t stream) {
  for (size_t row = 0; row < height; ++row) {
    const auto* source = static_cast<const char*>(from) + row * from_pitch;
    if (const cudaError_t error = Copy(static_cast<char*>(to) + row * to_pitch, source, width, stream)) return error;
  }
  return cudaSuccess;
}
FAKE_CUDA_API cudaError_t cudaMemcpy(void* to, const void* from, size_t size, cudaMemcpyKind) {
  if (Unsafe()) return Refuse(cudaErrorStreamCaptureUnsupported, "cudaMemcpy");
  if (const cudaError_t error = Copy(to, from, size, nullptr)) return error;
  return cudaStreamSynchronize(nullptr);
}

FAKE_CUDA_API cudaError_t cudaMemsetAsync(void* address, int value, size_t size, cudaStream_t stream) {
  return Enqueue(stream, "memset", 0, [=] { std::memset(Reach(address), value, size); });
}
FAKE_CUDA_API cudaError_t cudaMemset(void* address, int value, size_t size) { return cudaMemsetAsync(address, value, size, nullptr); }
