// Draws a contact sheet: frames of a video on one page.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace deepmad::train {

// Small pictures in rows, each with a caption under it, and lines of text below them all.
class ContactSheet {
 public:
  // REQUIRES: `pictures` and `columns` are at least 1.
  ContactSheet(size_t pictures, size_t columns);

  // Puts an image at a position, shrunk to at most 160 pixels a side. `pixels` is [height, width, 3] RGB with rows `stride` bytes apart.
  // REQUIRES: all images have the same size.
  void Put(size_t position, const uint8_t* pixels, int height, int width, size_t stride, const std::string& caption);

  // Returns the bytes of a PNG with `lines` of text below the images. Text is ASCII; other letters are drawn as question marks. Positions
  // without an image stay empty.
  std::string Png(const std::vector<std::string>& lines) const;

 private:
  struct Tile {
    std::vector<uint8_t> pixels;  // [tile_height_, tile_width_, 3], BGR
    std::string caption;
  };

  size_t columns_;
  std::vector<Tile> tiles_;
  int tile_height_ = 0, tile_width_ = 0;
};

}  // namespace deepmad::train
