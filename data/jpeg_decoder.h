// JPEG decoding by libjpeg-turbo.
#pragma once

#include <string>
#include <string_view>

#include "data/image.h"
#include "data/image_io.h"

namespace deepmad::data {

// See DecodeImage. Missing or undecodable data is an error; stray bytes before a marker, which files of ImageNet have, are not.
Image DecodeJpeg(std::string_view bytes, const std::string& name);
// From the header.
Size DecodeJpegSize(std::string_view bytes, const std::string& name);
// See DecodeImageRegion. Rows below the region are not read (of a progressive file all are); of what is above and beside it only the
// entropy code is, so that defects there are still found.
DecodedPart DecodeJpegRegion(std::string_view bytes, const std::string& name, const Region& region, const DecodeOptions& options);

}  // namespace deepmad::data
