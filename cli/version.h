#pragma once

#include <string>

namespace deepmad::cli {

// "deepmad 0.1.0 (1a2b3c4), LibTorch 2.11.0, CUDA not linked".
std::string VersionText();

}  // namespace deepmad::cli
