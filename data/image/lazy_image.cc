#include "data/image/lazy_image.h"

#include <utility>

#include "base/atomic_file.h"

namespace deepmad::data {
namespace {

constexpr size_t kMaxFileBytes = size_t{1} << 30;

PicturePart Keep(DecodedPart decoded) {
  const auto kept = std::make_shared<const DecodedPart>(std::move(decoded));
  return {kept->view(), kept};
}

}  // namespace

Picture::Picture(Image image) : Picture(std::make_shared<const Image>(std::move(image))) {}

Picture::Picture(std::shared_ptr<const Image> image, int exif_orientation)
    : pixels_(*image), keeper_(std::move(image)), exif_orientation_(exif_orientation) {}

Picture::Picture(ImageView pixels, std::shared_ptr<const void> keeper) : pixels_(pixels), keeper_(std::move(keeper)) {}

Picture Picture::Encoded(std::string_view bytes, std::shared_ptr<const void> keeper, std::string name) {
  CheckImageFormat(bytes, name);
  Picture picture;
  picture.bytes_ = bytes;
  picture.keeper_ = std::move(keeper);
  picture.name_ = std::move(name);
  picture.exif_orientation_ = ExifOrientation(bytes);
  return picture;
}

Picture Picture::FromFile(const std::string& path) {
  const auto content = std::make_shared<const std::string>(base::ReadFile(path, kMaxFileBytes));
  return Encoded(*content, content, path);
}

Picture Picture::TurnedUpright() const {
  Picture picture = *this;
  if (!bytes_.empty()) picture.turn_ = exif_orientation_;
  return picture;
}

Size Picture::size() const { return bytes_.empty() ? pixels_.size() : UprightSize(DecodeImageSize(bytes_, name_), turn_); }

Image Picture::Decode() const {
  if (bytes_.empty()) return Copy(pixels_);
  Image image = DecodeImage(bytes_, name_);
  return turn_ == 1 ? image : Upright(image, turn_);
}

PicturePart Picture::Read(const Region& region, const DecodeOptions& options) const {
  if (turn_ != 1) return Keep({Decode(), region});
  if (!bytes_.empty()) return Keep(DecodeImageRegion(bytes_, name_, region, options));
  return {pixels_.Part(region), keeper_};
}

}  // namespace deepmad::data
