// Grey and RGB.
#pragma once

#include "data/image/image.h"

namespace deepmad::data {

// `channels` is 1 or 3. Grey is repeated; RGB becomes luma (19595 R + 38470 G + 7471 B + 32768) >> 16.
void ConvertChannels(Image& image, int channels);

}  // namespace deepmad::data
