#include <gtest/gtest.h>

#include <cmath>

#include "data/dataset/dataset.h"
#include "data/transforms/flip.h"

namespace deepmad::data {
namespace {

std::unique_ptr<Dataset> Open(const std::string& keys, Split split = Split::kTrain) {
  return DatasetRegistry::Get().Create("synthetic", base::Config::FromText(keys), split);
}

TEST(Synthetic, HasTheSizesAskedFor) {
  const std::string keys = "{samples: 9, validation_samples: 4, classes: 3, height: 5, width: 7}";
  EXPECT_EQ(Open(keys)->size(), 9);
  EXPECT_EQ(Open(keys, Split::kValidation)->size(), 4);
  EXPECT_EQ(Open(keys)->class_names().size(), 3u);
  const Image image = Open(keys)->Get(0).picture.Decode();
  EXPECT_EQ(std::tuple(image.height, image.width, image.channels), std::tuple(5, 7, 3));
}

TEST(Synthetic, DrawsBySeedSplitAndIndex) {
  const auto pixels = [](const std::string& keys, Split split, int64_t index) {
    return Open(keys, split)->Get(index).picture.Decode().pixels;
  };
  const auto reference = pixels("{seed: 1}", Split::kTrain, 0);
  EXPECT_EQ(reference, pixels("{seed: 1}", Split::kTrain, 0));
  EXPECT_NE(reference, pixels("{seed: 2}", Split::kTrain, 0));
  EXPECT_NE(reference, pixels("{seed: 1}", Split::kValidation, 0));
  EXPECT_NE(reference, pixels("{seed: 1}", Split::kTrain, 10));  // same class
}

// The magnitude of the picture's Fourier coefficient with `across` and `down` waves, summed over the two mirror images, for each channel.
std::vector<double> Strength(const Image& image, int across, int down) {
  std::vector<double> strength(3);
  for (int c = 0; c < 3; ++c) {
    for (const int sign : {-1, 1}) {
      double real = 0, imaginary = 0;
      for (int y = 0; y < image.height; ++y) {
        for (int x = 0; x < image.width; ++x) {
          const double angle =
              2 * M_PI * (static_cast<double>(across) * x / image.width + static_cast<double>(sign * down) * y / image.height);
          real += image.row(y)[x * 3 + c] * std::cos(angle);
          imaginary += image.row(y)[x * 3 + c] * std::sin(angle);
        }
      }
      strength[c] += std::hypot(real, imaginary);
    }
  }
  return strength;
}

TEST(Synthetic, ClassesDifferInWavesWhateverTheSampleAndTheMirror) {
  const auto dataset = Open("{classes: 4, height: 16, width: 16}");
  for (int64_t i = 0; i < 24; ++i) {
    Image image = dataset->Get(i).picture.Decode();
    if (i % 2 == 1) FlipHorizontally(image);
    int64_t best = -1;
    double most = 0;
    for (int64_t c = 0; c < 4; ++c) {
      const std::vector<double> strength = Strength(image, static_cast<int>(1 + c % 2), static_cast<int>(1 + c / 2));
      const double sum = strength[0] + strength[1] + strength[2];
      if (sum > most) best = c, most = sum;
    }
    EXPECT_EQ(best, dataset->label(i));
  }
}

}  // namespace
}  // namespace deepmad::data
