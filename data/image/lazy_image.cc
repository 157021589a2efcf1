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

Picture::Picture(std::shared_ptr<const Image> image) : pixels_(*image), keeper_(std::move(image)) {}

Picture::Picture(ImageView pixels, std::shared_ptr<const void> keeper) : pixels_(pixels), keeper_(std::move(keeper)) {}

Picture Picture::Encoded(std::string_view bytes, std::shared_ptr<const void> keeper, std::string name) {
  CheckImageFormat(bytes, name);
  Picture picture;
  picture.bytes_ = bytes;
  picture.keeper_ = std::move(keeper);
  picture.name_ = std::move(name);
  return picture;
}

Picture Picture::FromFile(const std::string& path) {
  const auto content = std::make_shared<const std::string>(base::ReadFile(path, kMaxFileBytes));
  return Encoded(*content, content, path);
}

Size Picture::size() const { return bytes_.empty() ? pixels_.size() : DecodeImageSize(bytes_, name_); }

Image Picture::Decode() const {
  if (!bytes_.empty()) return DecodeImage(bytes_, name_);
  return Copy(pixels_);
}

PicturePart Picture::Read(const Region& region, const DecodeOptions& options) const {
  if (!bytes_.empty()) return Keep(DecodeImageRegion(bytes_, name_, region, options));
  return {pixels_.Part(region), keeper_};
}

}  // namespace deepmad::data
