// A PNG file, as it is and with the checksums of its chunks made right, since a changed byte seldom comes with the right one.
#include <zlib.h>

#include <cstdint>
#include <string>

#include "data/image/png_decoder.h"
#include "tests/fuzz/expect.h"

namespace {

using namespace deepmad;

void Decode(const std::string& bytes) {
  fuzz::MayFail(base::ErrorKind::kFailed, [&] {
    const data::Image image = data::DecodePng(bytes, "fuzz.png");
    fuzz::Expect(image.channels == 1 || image.channels == 3, "grey or RGB");
    fuzz::Expect(image.height > 0 && image.pixels.size() == image.row_bytes() * image.height, "all pixels");
  });
  fuzz::MayFail(base::ErrorKind::kFailed, [&] {
    const data::Image map = data::DecodePngValues(bytes, "fuzz.png");
    fuzz::Expect(map.channels == 1 && map.pixels.size() == map.row_bytes() * map.height, "a value a pixel");
  });
}

std::string WithRightChecksums(std::string bytes) {
  constexpr size_t kMagic = 8, kFrame = 12;
  for (size_t at = kMagic; at + kFrame <= bytes.size();) {
    size_t length = 0;
    for (size_t i = 0; i < 4; ++i) length = length << 8 | static_cast<uint8_t>(bytes[at + i]);
    if (length > bytes.size() - at - kFrame) break;
    const uLong checksum = crc32(0, reinterpret_cast<const Bytef*>(bytes.data() + at + 4), static_cast<uInt>(length + 4));
    for (size_t i = 0; i < 4; ++i) bytes[at + 8 + length + i] = static_cast<char>(checksum >> (24 - 8 * i) & 255);
    at += kFrame + length;
  }
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  Decode(bytes);
  Decode(WithRightChecksums(bytes));
  return 0;
}
