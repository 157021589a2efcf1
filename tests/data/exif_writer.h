// Pictures with an EXIF orientation, as cameras write it.
#pragma once

#include <string>

#include "tests/data/png_writer.h"

namespace deepmad::data {

// A TIFF header and a directory of two entries: the camera's maker and the orientation.
inline std::string ExifTiff(int orientation, bool big_endian) {
  const auto number = [&](uint32_t value, int bytes) {
    std::string text = BigEndian(value).substr(static_cast<size_t>(4 - bytes));
    return big_endian ? text : std::string(text.rbegin(), text.rend());
  };
  std::string tiff = big_endian ? "MM" : "II";
  tiff += number(42, 2) + number(8, 4) + number(2, 2);
  tiff += number(0x010F, 2) + number(2, 2) + number(4, 4) + "abc" + '\0';
  return tiff + number(0x0112, 2) + number(3, 2) + number(1, 4) + number(static_cast<uint32_t>(orientation), 2) + number(0, 2) +
         number(0, 4);
}

// `file` is a JPEG or PNG file without EXIF.
inline std::string WithExif(const std::string& file, int orientation, bool big_endian = true) {
  const std::string tiff = ExifTiff(orientation, big_endian);
  if (file.starts_with("\x89PNG")) return file.substr(0, 33) + PngChunk("eXIf", tiff) + file.substr(33);  // behind the header's chunk
  const std::string segment = std::string("Exif\0\0", 6) + tiff;
  return file.substr(0, 2) + "\xFF\xE1" + BigEndian(static_cast<uint32_t>(segment.size()) + 2).substr(2) + segment + file.substr(2);
}

}  // namespace deepmad::data
