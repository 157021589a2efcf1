// Operations that map each 8-bit value of a channel by a table (docs/protocols/classification.md, section 3.9).
#pragma once

#include <algorithm>

#include "data/image/image.h"

namespace deepmad::data {

void AutoContrast(Image& image);                    // each channel stretched to 0..255; a flat one stays
void Equalize(Image& image);                        // each channel's histogram flattened
void Invert(Image& image);                          // 255 - x
void Solarize(Image& image, double threshold);      // x >= threshold: 255 - x
void SolarizeAdd(Image& image, int amount);         // x < 128: x + amount, at most 255
void Posterize(Image& image, int bits);             // keeps the 0..8 high bits
void ScaleBrightness(Image& image, double factor);  // factor * x in float32, clipped and truncated
// Blend with the grey of the mean luma: 0 is flat, 1 the image itself.
void ScaleContrast(Image& image, double factor);

// (19595 R + 38470 G + 7471 B + 32768) >> 16.
inline uint8_t Luma(const uint8_t* rgb) { return static_cast<uint8_t>((19595 * rgb[0] + 38470 * rgb[1] + 7471 * rgb[2] + 32768) >> 16); }

// from + factor * (to - from) in float32, clipped and truncated to 8 bits.
inline uint8_t Blend(int from, int to, float factor) {
  const float value = static_cast<float>(from) + factor * static_cast<float>(to - from);
  return static_cast<uint8_t>(static_cast<int>(std::clamp(value, 0.0f, 255.0f)));
}

}  // namespace deepmad::data
