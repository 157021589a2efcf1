// Labels of single pixels: an image of one channel, whose values are classes from 0 on or kNoLabel.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "data/image.h"

namespace deepmad::data {

inline constexpr uint8_t kNoLabel = 255;  // the pixel is of no class: neither trained nor scored

// How a file numbers the classes. It always has 255 for no class.
enum class LabelNumbering {
  kFromOne,   // 0 is no class: ADE20K
  kFromZero,  // 0 is a class like the others
};

// A PNG of one 8-bit number a pixel (grey or palette). FailedError naming `name`: no PNG, broken, in colour, of 16 bits.
Image DecodeLabelMap(std::string_view bytes, LabelNumbering numbering, const std::string& name);
Image ReadLabelMap(const std::string& path, LabelNumbering numbering);
// The file's content for a map, which has no pixel of class 254 where numbers start at 1.
std::string EncodeLabelMap(const Image& map, LabelNumbering numbering);

// FailedError naming `name` and the number in the file where a pixel is of none of `classes` classes.
void CheckClasses(const Image& map, int64_t classes, LabelNumbering numbering, const std::string& name);

// FailedError naming both where the sizes differ.
void CheckSameSize(Size map, const std::string& map_name, Size other, const std::string& other_name);

}  // namespace deepmad::data
