// A lazily decoded image, so that a crop decodes no more than it needs.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "data/image/exif.h"
#include "data/image/image.h"
#include "data/image/image_io.h"

namespace deepmad::data {

// A view of pixels together with the owner of their memory.
struct PicturePart {
  ImageView view;
  std::shared_ptr<const void> keeper;
};

// Immutable and cheap to copy: copies share the content.
class Picture {
 public:
  Picture() = default;
  Picture(Image image);  // NOLINT: pixels are a picture
  // `exif_orientation` is that of the file whose pixels these are, as they are stored there.
  explicit Picture(std::shared_ptr<const Image> image, int exif_orientation = 1);
  Picture(ImageView pixels, std::shared_ptr<const void> keeper);
  // The content of a JPEG or PNG file. `name` is for messages.
  static Picture Encoded(std::string_view bytes, std::shared_ptr<const void> keeper, std::string name);
  // Reads a file without decoding it. Throws FailedError naming the path.
  static Picture FromFile(const std::string& path);

  // The same picture turned upright as its EXIF orientation says. For labels that say where something is: people draw them on the upright
  // picture, and detectron2, mmcv and Ultralytics turn it too.
  Picture TurnedUpright() const;

  // The content of the file; empty if the pixels are not simply those of a file: made otherwise, or turned.
  std::string_view encoded() const { return turn_ == 1 ? bytes_ : std::string_view(); }
  // Of the file, whether it is followed or not; 1 without a file.
  int exif_orientation() const { return exif_orientation_; }

  // size(), Decode() and Read() throw FailedError with the image's name if it cannot be decoded. size() reads the header only.
  Size size() const;
  Image Decode() const;
  // Returns the pixels of a region inside the image, the same values as Decode(). Damage outside the region may go unnoticed. Does not copy
  // pixels that are already decoded. With options.reduce, image and region are smaller by that factor. A turned picture is decoded as a
  // whole, without options.
  PicturePart Read(const Region& region, const DecodeOptions& options = {}) const;

 private:
  std::string_view bytes_;
  ImageView pixels_;  // where bytes_ is empty
  std::shared_ptr<const void> keeper_;
  std::string name_;
  int exif_orientation_ = 1;
  int turn_ = 1;  // the orientation that is followed
};

}  // namespace deepmad::data
