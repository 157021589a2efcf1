// Draws a segmentation: the image with the classes of its pixels as a coloured overlay, and a legend.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace deepmad::train {

// The colour of a class, RGB. Neighbouring indices differ in hue.
std::array<uint8_t, 3> ClassColour(int class_index);

struct LegendEntry {
  std::string text;  // ASCII; other letters are drawn as question marks
  std::array<uint8_t, 3> colour;
};

// Returns the bytes of a PNG. `picture` is [height, width, 3] RGB; `classes` [height, width] selects colours by ClassColour(). The legend
// is on the right; if it is taller than the image, the background extends below the image.
std::string SceneOverlay(const uint8_t* picture, const uint8_t* classes, int height, int width, const std::vector<LegendEntry>& legend);

}  // namespace deepmad::train
