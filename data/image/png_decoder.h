// PNG decoding by libpng.
#pragma once

#include <string>
#include <string_view>

#include "data/image/image.h"

namespace deepmad::data {

// Decodes PNG as described for DecodeImage(). Critical chunks must be complete with correct checksums; all others are skipped unread.
Image DecodePng(std::string_view bytes, const std::string& name);

// Decodes one channel of stored values: palette indices instead of colours, and grey values of fewer than 8 bits without scaling. Throws
// FailedError also for an image in colour, with alpha or with 16 bits per sample.
Image DecodePngValues(std::string_view bytes, const std::string& name);
// Reads the size from the header.
Size DecodePngSize(std::string_view bytes, const std::string& name);

}  // namespace deepmad::data
