// JPEG decoding by libjpeg-turbo.
#pragma once

#include <string>
#include <string_view>

#include "data/image/image.h"
#include "data/image/image_io.h"

namespace deepmad::data {

// Decodes JPEG as described for DecodeImage(). Missing or undecodable data are an error; stray bytes before a marker, which occur in
// ImageNet, are not.
Image DecodeJpeg(std::string_view bytes, const std::string& name);
// Reads the size from the header.
Size DecodeJpegSize(std::string_view bytes, const std::string& name);
// Decodes a region as described for DecodeImageRegion(). Rows below the region are not read, except in progressive files. Above and beside
// the region only the entropy code is decoded, which still detects damage there.
DecodedPart DecodeJpegRegion(std::string_view bytes, const std::string& name, const Region& region, const DecodeOptions& options);

}  // namespace deepmad::data
