// Made-up pictures that a network can learn from: no files needed. Keys: samples, validation_samples, classes, height, width, seed.
#include <cmath>
#include <numbers>

#include "base/random.h"
#include "data/dataset/dataset.h"

namespace deepmad::data {
namespace {

// Each class has its own hue and its own numbers of waves across and down; the phases and the noise are drawn per sample. Mirroring maps a
// class onto itself.
class Synthetic : public Dataset {
 public:
  Synthetic(const base::Config& section, Split split)
      : split_(split),
        seed_(section.GetInt("seed", 0, 0, std::numeric_limits<int64_t>::max())),
        height_(static_cast<int>(section.GetInt("height", 32, 1, 4096))),
        width_(static_cast<int>(section.GetInt("width", 32, 1, 4096))) {
    const int64_t samples = section.GetInt("samples", 512, 1, int64_t{1} << 30);
    const int64_t validation_samples = section.GetInt("validation_samples", 128, 1, int64_t{1} << 30);
    size_ = split == Split::kTrain ? samples : validation_samples;
    const int64_t classes = section.GetInt("classes", 10, 2, 10000);
    for (int64_t c = 0; c < classes; ++c) class_names_.push_back("class " + std::to_string(c));
  }

  int64_t size() const override { return size_; }
  int64_t label(int64_t index) const override { return index % static_cast<int64_t>(class_names_.size()); }
  std::string source(int64_t index) const override {
    return std::string(split_ == Split::kTrain ? "synthetic train#" : "synthetic val#") + std::to_string(index);
  }
  const std::vector<std::string>& class_names() const override { return class_names_; }

  Sample Get(int64_t index) const override {
    const int64_t class_index = label(index);
    const int64_t classes = static_cast<int64_t>(class_names_.size());
    const int64_t grid = static_cast<int64_t>(std::ceil(std::sqrt(static_cast<double>(classes))));
    base::Random random(seed_, base::RandomPurpose::kSynthetic, static_cast<uint64_t>(split_), index);
    const std::vector<double> across = Wave(width_, 1 + class_index % grid, random.Uniform());
    const std::vector<double> down = Wave(height_, 1 + class_index / grid, random.Uniform());
    double amplitude[3];  // grey levels
    for (int c = 0; c < 3; ++c) {
      amplitude[c] = 60 + 40 * std::cos(2 * std::numbers::pi * (static_cast<double>(class_index) / classes + c / 3.0));
    }
    Image image(height_, width_, 3);
    uint8_t* out = image.pixels.data();
    for (int y = 0; y < height_; ++y) {
      for (int x = 0; x < width_; ++x) {
        uint32_t noise = random.NextBits();
        for (int c = 0; c < 3; ++c, noise >>= 8) {
          // 128 +- 100 +- 16 stays within 8 bits.
          *out++ = static_cast<uint8_t>(128 + amplitude[c] * across[x] * down[y] + static_cast<int>(noise & 31) - 16);
        }
      }
    }
    return {std::move(image), class_index, source(index)};
  }

 private:
  // `length` values of a sine with `waves` periods.
  static std::vector<double> Wave(int length, int64_t waves, double phase) {
    std::vector<double> values(length);
    for (int i = 0; i < length; ++i) values[i] = std::sin(2 * std::numbers::pi * (static_cast<double>(waves * i) / length + phase));
    return values;
  }

  Split split_;
  uint64_t seed_;
  int height_;
  int width_;
  int64_t size_ = 0;
  std::vector<std::string> class_names_;
};

DEEPMAD_REGISTER(DatasetRegistry, "synthetic", "made-up patterns, one a class: for tests and trials",
                 [](const base::Config& section, Split split) { return std::make_unique<Synthetic>(section, split); });

}  // namespace
}  // namespace deepmad::data
