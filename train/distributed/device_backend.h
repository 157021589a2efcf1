// Registry of collective backends by device type ("cuda"). The backend for GPUs needs a library that only the CUDA binary links, so it
// registers itself from there.
#pragma once

#include <c10/core/Device.h>
#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <torch/csrc/distributed/c10d/Store.hpp>

#include "base/registry.h"

namespace deepmad::train {

// A factory gets the rendezvous store, this rank, the number of ranks and this rank's device.
using DeviceBackendRegistry =
    base::Registry<c10::intrusive_ptr<c10d::Backend>(const c10::intrusive_ptr<c10d::Store>&, int rank, int size, at::Device device)>;

}  // namespace deepmad::train

template <>
const char* deepmad::train::DeviceBackendRegistry::kind();
