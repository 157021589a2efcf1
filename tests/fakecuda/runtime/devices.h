// The devices: FAKE_CUDA_DEVICES of one kind (1), of which CUDA_VISIBLE_DEVICES may show a part.
#pragma once

namespace fakecuda {

constexpr int kMostDevices = 64;

int VisibleDevices();
int CurrentDevice();  // of the calling thread

}  // namespace fakecuda
