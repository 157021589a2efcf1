// A picture that may not be decoded yet, so that a crop can decode no more than it needs.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "data/image.h"
#include "data/image_io.h"

namespace deepmad::data {

// Pixels, and what keeps them in memory.
struct PicturePart {
  ImageView view;
  std::shared_ptr<const void> keeper;
};

// Cheap to copy; copies share the content, which never changes.
class Picture {
 public:
  Picture() = default;
  Picture(Image image);  // NOLINT: pixels are a picture
  explicit Picture(std::shared_ptr<const Image> image);
  Picture(ImageView pixels, std::shared_ptr<const void> keeper);
  // The content of a JPEG or PNG file. `name` is for messages.
  static Picture Encoded(std::string_view bytes, std::shared_ptr<const void> keeper, std::string name);
  // Reads a file whole, without decoding it. FailedError naming the path.
  static Picture FromFile(const std::string& path);

  // The file's content; empty where the picture is pixels.
  std::string_view encoded() const { return bytes_; }

  // All of these throw FailedError with the picture's name for content that cannot be decoded. size() reads no more than the header.
  Size size() const;
  Image Decode() const;
  // The pixels of a region inside the picture, equal to those of Decode() whatever lies around it; damage outside of it may go unnoticed.
  // Of pixels that are there already nothing is copied. With options.reduce the picture is `reduce` times smaller and so is the region.
  PicturePart Read(const Region& region, const DecodeOptions& options = {}) const;

 private:
  std::string_view bytes_;
  ImageView pixels_;  // where bytes_ is empty
  std::shared_ptr<const void> keeper_;
  std::string name_;
};

}  // namespace deepmad::data
