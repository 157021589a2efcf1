// Videos made for tests: each frame shows its own number.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "data/image/image.h"

namespace deepmad::data {

struct MadeVideo {
  std::string container = "mp4";  // by FFmpeg's name of the muxer
  std::string encoder = "libx264";
  int frames = 40;
  int height = 64;
  int width = 96;
  int group = 12;  // frames from one key frame to the next
  int b_frames = 3;
  int rate = 25;                                 // frames a second
  std::function<int64_t(int)> time = nullptr;    // of a frame in units of 1 / (1000 rate) s, increasing; null: evenly
  std::map<std::string, std::string> options{};  // of the encoder
  std::map<std::string, std::string> muxing{};   // of the container
};

void WriteVideo(const MadeVideo& video, const std::string& path);

// The number that a frame shows.
int ShownNumber(const ImageView& frame);

}  // namespace deepmad::data
