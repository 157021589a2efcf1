// Every version of the two passes gives the same bits.
#include "data/transforms/resample_passes.h"

#include <gtest/gtest.h>

#include "data/transforms/resample_avx2.h"
#include "data/transforms/resample_avx512.h"
#include "data/transforms/resample_portable.h"
#include "tests/data/pictures.h"

namespace deepmad::data {
namespace {

struct Sides {
  int in;
  int out;
};

std::vector<Sides> AllSides() {
  return {{1, 1}, {1, 9}, {2, 3}, {3, 2}, {5, 224}, {31, 7}, {37, 64}, {65, 22}, {100, 41}, {130, 129}, {367, 224}, {901, 5}, {3000, 1}};
}

// Extremes make the largest sums.
Image Extremes(int height, int width, int channels) {
  Image image = NoisePicture(height, width, channels);
  for (size_t i = 0; i < image.pixels.size(); i += 2) image.pixels[i] = image.pixels[i] < 128 ? 0 : 255;
  return image;
}

template <typename Pass>
void ExpectSameColumns(const Pass& pass) {
  for (const auto interpolation : {Interpolation::kBilinear, Interpolation::kBicubic}) {
    for (const auto& [in, out] : AllSides()) {
      for (const int height : {1, 3, 4, 6}) {
        const Image image = Extremes(height, in, 3);
        const ResampleTaps taps = ComputeTaps(in, out, out / 3, out, interpolation);
        ASSERT_EQ(pass(image, taps).pixels, ResampleColumnsPortable(image, taps).pixels)
            << in << " to " << out << ", " << height << " rows";
      }
    }
  }
}

TEST(ResampleColumns, IsTheSameByAvx2) {
  if (!HasAvx2()) GTEST_SKIP() << "no AVX2";
  ExpectSameColumns(ResampleColumnsAvx2);
}

TEST(ResampleColumns, IsTheSameByAvx512) {
  if (!HasAvx512()) GTEST_SKIP() << "no AVX-512 VNNI";
  ExpectSameColumns(ResampleColumnsAvx512);
}

TEST(ResampleRows, IsTheSameByAvx512) {
  if (!HasAvx512()) GTEST_SKIP() << "no AVX-512 VNNI";
  for (const auto interpolation : {Interpolation::kBilinear, Interpolation::kBicubic}) {
    for (const auto& [in, out] : AllSides()) {
      for (const int width : {1, 21, 22, 43, 64}) {
        for (const int channels : {1, 3}) {
          const Image image = Extremes(in, width, channels);
          const ResampleTaps taps = ComputeTaps(in, out, 0, out, interpolation);
          ASSERT_EQ(ResampleRowsAvx512(image, 0, taps).pixels, ResampleRowsPortable(image, 0, taps).pixels)
              << in << " to " << out << ", " << width << " columns";
        }
      }
    }
  }
}

TEST(ResampleRows, WorksOnAPartOfAPicture) {
  const Image image = NoisePicture(50, 40, 3);
  const ResampleTaps taps = ComputeTaps(50, 20, 5, 15, Interpolation::kBicubic);
  const int first = taps.first.front(), rows = taps.first.back() + taps.count.back() - first;
  const Image expected = ResampleRowsPortable(image, 0, taps);
  const ImageView part = ImageView(image).Part({10, first, 7, rows});
  const Image resampled = ResampleRows(part, first, taps);
  for (int y = 0; y < 10; ++y) EXPECT_TRUE(std::equal(resampled.row(y), resampled.row(y) + 21, expected.row(y) + 30));
}

}  // namespace
}  // namespace deepmad::data
