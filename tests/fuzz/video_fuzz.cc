// A video that anybody may have made: an error that names it, or frames of one size.
#include <algorithm>

#include "data/video/video_file.h"
#include "tests/fuzz/expect.h"
#include "tests/fuzz/memory_file.h"

using namespace deepmad;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr int64_t kPixels = int64_t{1} << 16;
  const fuzz::MemoryFile file(data, size);
  fuzz::MayFail(base::ErrorKind::kFailed, [&] {
    data::VideoLimits limits;
    limits.seconds = 5;
    limits.frame_pixels = kPixels;
    data::VideoFile video(file.path(), limits);
    fuzz::Expect(video.count() > 0 && video.count() <= limits.packets, "the number of frames");
    const int64_t last = video.count() - 1;
    const std::vector<data::Image> frames = data::ReadFrames(video, {last, 0, last / 2, std::min<int64_t>(last, 3)});
    for (const data::Image& frame : frames) {
      fuzz::Expect(frame.height == frames[0].height && frame.width == frames[0].width && frame.channels == 3, "one size");
      fuzz::Expect(frame.pixels.size() == frame.row_bytes() * frame.height && !frame.pixels.empty(), "all pixels");
      fuzz::Expect(static_cast<int64_t>(frame.height) * frame.width <= kPixels, "the limit of the size");
    }
  });
  return 0;
}
