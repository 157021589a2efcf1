// A JPEG file.
#include <cstdint>
#include <string_view>

#include "data/image/jpeg_decoder.h"
#include "data/transforms/crop.h"
#include "tests/fuzz/expect.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace deepmad;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  fuzz::MayFail(base::ErrorKind::kFailed, [&] {
    const data::Size sides = data::DecodeJpegSize(bytes, "fuzz.jpg");
    const data::Region part{sides.width / 3, sides.height / 3, (sides.width + 1) / 2, (sides.height + 1) / 2};
    data::DecodeJpegRegion(bytes, "fuzz.jpg", part, {true, 4});
    const data::DecodedPart decoded = data::DecodeJpegRegion(bytes, "fuzz.jpg", part, {});
    const data::Image image = data::DecodeJpeg(bytes, "fuzz.jpg");
    fuzz::Expect(data::Copy(decoded.view()).pixels == data::Crop(image, part).pixels, "the pixels of the whole");
    fuzz::Expect(image.channels == 1 || image.channels == 3, "grey or RGB");
    fuzz::Expect(image.height > 0 && image.pixels.size() == image.row_bytes() * image.height, "all pixels");
  });
  return 0;
}
