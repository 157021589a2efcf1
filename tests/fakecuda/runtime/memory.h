// Memory of the devices and pinned memory of the host. A device's block is a file in memory mapped twice: at its own address, where nobody
// may read or write, and at another one for the stand-in's copies. A host that follows a device's pointer ends there, with its stack.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fakecuda {

struct Block {
  char* address = nullptr;
  char* reach = nullptr;  // where the stand-in finds the same bytes
  size_t size = 0;
  int device = 0;
  bool pinned = false;  // the host's own memory
};

// The block that holds the address; null for memory that CUDA does not know.
const Block* FindBlock(const void* address);
// Where the stand-in finds what lies at an address of the program.
char* Reach(const void* address);
// Makes memory of a device 0 without taking memory of this machine for it.
void Zero(void* address, size_t size);

// Of each device: what was taken at most.
size_t PeakBytes(int device);
// FAKE_CUDA_BYTES.
size_t DeviceBytes();

}  // namespace fakecuda
