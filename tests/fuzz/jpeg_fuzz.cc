// A JPEG file.
#include <cstdint>
#include <string_view>

#include "data/jpeg_decoder.h"
#include "tests/fuzz/expect.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace deepmad;
  fuzz::MayFail(base::ErrorKind::kFailed, [&] {
    const data::Image image = data::DecodeJpeg({reinterpret_cast<const char*>(data), size}, "fuzz.jpg");
    fuzz::Expect(image.channels == 1 || image.channels == 3, "grey or RGB");
    fuzz::Expect(image.height > 0 && image.pixels.size() == image.row_bytes() * image.height, "all pixels");
  });
  return 0;
}
