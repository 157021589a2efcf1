// The one kind of kernel that computes: LibTorch's filling of a contiguous tensor with a value, by which constants and flags begin.
#pragma once

#include <functional>

namespace fakecuda {

// What the kernel of this (mangled) name does with these arguments; empty for any other kernel.
std::function<void()> FillOf(const char* name, void** arguments);

}  // namespace fakecuda
