// What boxes look like that are written in another way than COCO's: fractions of the picture, corners in place of sizes.
#pragma once

#include <cstddef>
#include <string>

#include "data/annotations/coco_annotations.h"

namespace deepmad::data {

// What the boxes look like, where they are surely not [left, top, width, height] in pixels; else empty.
std::string OtherBoxForm(const CocoAnnotations& file);

// How many boxes reach out of their picture by more than a pixel.
size_t BoxesReachingOut(const CocoAnnotations& file);

}  // namespace deepmad::data
