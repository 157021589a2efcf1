// A scene with the classes of its pixels laid over it in colours, and a legend.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace deepmad::train {

// RGB, the same for a class in every picture; neighbours in number differ in hue.
std::array<uint8_t, 3> ClassColour(int class_index);

struct LegendEntry {
  std::string text;  // ASCII; other letters are drawn as question marks
  std::array<uint8_t, 3> colour;
};

// The bytes of a PNG. `picture` [height, width, 3] RGB and `classes` [height, width], which picks colours by ClassColour; the legend stands
// on the right, and where it is taller than the picture the ground goes on below.
std::string SceneOverlay(const uint8_t* picture, const uint8_t* classes, int height, int width, const std::vector<LegendEntry>& legend);

}  // namespace deepmad::train
