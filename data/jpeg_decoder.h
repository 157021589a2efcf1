// JPEG decoding by libjpeg-turbo.
#pragma once

#include <string>
#include <string_view>

#include "data/image.h"

namespace deepmad::data {

// See DecodeImage. Missing or undecodable data is an error; stray bytes before a marker, which files of ImageNet have, are not.
Image DecodeJpeg(std::string_view bytes, const std::string& name);

}  // namespace deepmad::data
