// What LibTorch must do differently where kernels compute nothing lies in a library of its own (tests/fakecuda/torch), since a program
// without LibTorch cannot load it.
#pragma once

namespace fakecuda {

// Loads it, where the program has LibTorch; to be called when the program asks for devices.
void LoadTorchPart();
// Tells it that memory of a device is being taken.
void TellTorchPartOfMemory();

}  // namespace fakecuda
