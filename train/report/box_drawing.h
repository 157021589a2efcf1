// Draws detections: an image with labelled boxes.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace deepmad::train {

struct DrawnBox {
  double left = 0, top = 0, right = 0, bottom = 0;  // pixels
  std::string text;                                 // ASCII; other letters are drawn as question marks
  std::array<uint8_t, 3> colour{};                  // RGB
};

// Returns the bytes of a PNG of the image's size. `picture` is [height, width, 3] RGB. Boxes are drawn from the last to the first, each
// with its text above the upper left corner, or below the upper edge if there is no room. Parts outside the image are clipped.
std::string BoxDrawing(const uint8_t* picture, int height, int width, const std::vector<DrawnBox>& boxes);

}  // namespace deepmad::train
