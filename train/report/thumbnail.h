// Small pictures for the report.
#pragma once

#include <cstdint>
#include <string>

namespace deepmad::train {

// The bytes of a JPEG, shrunk to at most 160 pixels a side. `pixels` [height, width, channels] 8-bit, RGB or grey.
std::string Thumbnail(const uint8_t* pixels, int height, int width, int channels);

}  // namespace deepmad::train
