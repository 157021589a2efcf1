// PNG decoding by libpng.
#pragma once

#include <string>
#include <string_view>

#include "data/image.h"

namespace deepmad::data {

// See DecodeImage. The chunks that make up the picture must be whole and have the right checksums; all others are ignored unread.
Image DecodePng(std::string_view bytes, const std::string& name);

// One channel with the values as they are stored: the numbers of a palette, not its colours, and grey of few bits not spread. FailedError
// also for a picture in colour, with alpha or of 16 bits a sample.
Image DecodePngValues(std::string_view bytes, const std::string& name);
// From the header.
Size DecodePngSize(std::string_view bytes, const std::string& name);

}  // namespace deepmad::data
