// Collectives between GPUs are of a library that only a CUDA binary links: it registers itself under the name of its kind of device.
#pragma once

#include <c10/core/Device.h>
#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <torch/csrc/distributed/c10d/Store.hpp>

#include "base/registry.h"

namespace deepmad::train {

// From the store at which the ranks meet, rank, number of ranks, and this rank's device.
using DeviceBackendRegistry =
    base::Registry<c10::intrusive_ptr<c10d::Backend>(const c10::intrusive_ptr<c10d::Store>&, int rank, int size, at::Device device)>;

}  // namespace deepmad::train

template <>
const char* deepmad::train::DeviceBackendRegistry::kind();
