// JPEG files of colour spaces that the project itself never writes.
#pragma once

#include <cstdio>

#include <jpeglib.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "data/image/image.h"

namespace deepmad::data {

struct JpegForm {
  J_COLOR_SPACE input = JCS_RGB;  // of the pixels given
  J_COLOR_SPACE stored = JCS_YCbCr;
  bool progressive = false;
  bool adobe_marker = false;
  bool scan_per_coefficient = false;  // progressive, with 63 scans a component
  int scans_kept = 0;                 // of those, from the first on; 0: all
  int horizontal = 2, vertical = 2;   // pixels a sample of the chroma components, where there are any
};

inline std::string WriteJpeg(int height, int width, int components, std::vector<uint8_t> pixels, const JpegForm& form) {
  jpeg_compress_struct info;
  jpeg_error_mgr errors;
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* buffer = nullptr;
  unsigned long size = 0;  // NOLINT: libjpeg's type
  jpeg_mem_dest(&info, &buffer, &size);
  info.image_width = width;
  info.image_height = height;
  info.input_components = components;
  info.in_color_space = form.input;
  jpeg_set_defaults(&info);
  jpeg_set_colorspace(&info, form.stored);
  info.write_Adobe_marker = form.adobe_marker;
  if (form.stored == JCS_YCbCr) {
    info.comp_info[0].h_samp_factor = form.horizontal;
    info.comp_info[0].v_samp_factor = form.vertical;
  }
  jpeg_set_quality(&info, 100, TRUE);
  if (form.progressive) jpeg_simple_progression(&info);
  std::vector<jpeg_scan_info> scans;
  if (form.scan_per_coefficient) {
    scans.push_back({components, {0, 1, 2, 3}, 0, 0, 0, 0});
    for (int component = 0; component < components; ++component) {
      for (int coefficient = 1; coefficient < 64; ++coefficient) scans.push_back({1, {component}, coefficient, coefficient, 0, 0});
    }
    info.scan_info = scans.data();
    info.num_scans = form.scans_kept > 0 ? form.scans_kept : static_cast<int>(scans.size());
  }
  jpeg_start_compress(&info, TRUE);
  for (int y = 0; y < height; ++y) {
    unsigned char* row = pixels.data() + static_cast<size_t>(y) * width * components;
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  std::string bytes(reinterpret_cast<char*>(buffer), size);
  std::free(buffer);
  return bytes;
}

}  // namespace deepmad::data
