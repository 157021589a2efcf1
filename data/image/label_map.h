// Label maps: one-channel images whose values are class indices or kNoLabel.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "data/image/image.h"

namespace deepmad::data {

inline constexpr uint8_t kNoLabel = 255;  // unlabelled pixel: neither trained nor scored

// How a file numbers the classes. 255 always means unlabelled.
enum class LabelNumbering {
  kFromOne,   // classes start at 1 and 0 means unlabelled, as in ADE20K
  kFromZero,  // classes start at 0
};

// Decodes a PNG with one 8-bit number per pixel (grey or palette). Throws FailedError naming `name` if it is no PNG, damaged, in colour or
// of 16 bits.
Image DecodeLabelMap(std::string_view bytes, LabelNumbering numbering, const std::string& name);
Image ReadLabelMap(const std::string& path, LabelNumbering numbering);
// Encodes a map as the content of a PNG file. REQUIRES: no pixel has class 254 if numbers start at 1.
std::string EncodeLabelMap(const Image& map, LabelNumbering numbering);

// Throws FailedError naming `name` and the number in the file if a pixel has a class of `classes` or above.
void CheckClasses(const Image& map, int64_t classes, LabelNumbering numbering, const std::string& name);

// Throws FailedError naming both files if the sizes differ.
void CheckSameSize(Size map, const std::string& map_name, Size other, const std::string& other_name);

}  // namespace deepmad::data
