// PNG decoding by libpng.
#pragma once

#include <string>
#include <string_view>

#include "data/image.h"

namespace deepmad::data {

// See DecodeImage. The chunks that make up the picture must be whole and have the right checksums; all others are ignored unread.
Image DecodePng(std::string_view bytes, const std::string& name);
// From the header.
Size DecodePngSize(std::string_view bytes, const std::string& name);

}  // namespace deepmad::data
