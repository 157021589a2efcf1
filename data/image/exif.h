// EXIF's orientation: cameras store a picture as the sensor saw it, and a number from 1 to 8 that says how to turn it upright.
#pragma once

#include <string_view>

#include "data/image/image.h"

namespace deepmad::data {

// The number in a JPEG or PNG file; 1, upright, where there is none or it cannot be read.
int ExifOrientation(std::string_view bytes);

// `stored` turned upright: 2 to 4 mirror or turn by 180 degrees, 5 to 8 swap the sides.
Size UprightSize(Size stored, int orientation);
Image Upright(const Image& stored, int orientation);

}  // namespace deepmad::data
