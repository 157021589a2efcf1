// A picture with boxes around what was found in it.
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

// The bytes of a PNG of the same size. `picture` [height, width, 3] RGB. Boxes are drawn from the last to the first, each with its text on
// its colour above the upper left corner, or below the upper edge where there is no room; what is outside the picture is cut off.
std::string BoxDrawing(const uint8_t* picture, int height, int width, const std::vector<DrawnBox>& boxes);

}  // namespace deepmad::train
