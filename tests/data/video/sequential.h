// Decoding from the first packet to the last, without this project's choice of packets: what every frame is held against.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/image/image.h"

namespace deepmad::data {

// The frames in the order in which the codec gives them, as 8-bit RGB.
std::vector<Image> DecodeSequentially(const std::string& path);

}  // namespace deepmad::data
