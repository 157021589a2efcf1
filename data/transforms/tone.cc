#include "data/transforms/tone.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace deepmad::data {
namespace {

using Table = std::array<uint8_t, 256>;

template <typename Function>
Table MakeTable(const Function& function) {
  Table table;
  for (int i = 0; i < 256; ++i) table[static_cast<size_t>(i)] = static_cast<uint8_t>(function(i));
  return table;
}

void MapAll(Image& image, const Table& table) {
  for (uint8_t& value : image.pixels) value = table[value];
}

void MapChannel(Image& image, int channel, const Table& table) {
  const size_t step = image.channels;
  for (size_t i = channel; i < image.pixels.size(); i += step) image.pixels[i] = table[image.pixels[i]];
}

std::array<int64_t, 256> Histogram(const Image& image, int channel) {
  std::array<int64_t, 256> counts{};
  const size_t step = image.channels;
  for (size_t i = channel; i < image.pixels.size(); i += step) ++counts[image.pixels[i]];
  return counts;
}

int MeanLuma(const Image& image) {
  int64_t sum = 0;
  const size_t pixels = static_cast<size_t>(image.height) * image.width;
  for (size_t i = 0; i < pixels; ++i) sum += image.channels == 3 ? Luma(&image.pixels[i * 3]) : image.pixels[i];
  return static_cast<int>(static_cast<double>(sum) / static_cast<double>(pixels) + 0.5);
}

}  // namespace

void AutoContrast(Image& image) {
  for (int c = 0; c < image.channels; ++c) {
    const std::array<int64_t, 256> counts = Histogram(image, c);
    int low = 0, high = 255;
    while (low < 255 && counts[low] == 0) ++low;
    while (high > 0 && counts[high] == 0) --high;
    if (high <= low) continue;
    const double scale = 255.0 / (high - low), offset = -low * scale;
    MapChannel(image, c, MakeTable([&](int i) { return std::clamp(static_cast<int>(i * scale + offset), 0, 255); }));
  }
}

void Equalize(Image& image) {
  for (int c = 0; c < image.channels; ++c) {
    const std::array<int64_t, 256> counts = Histogram(image, c);
    int last = 255;
    while (last > 0 && counts[last] == 0) --last;
    const int64_t step = (static_cast<int64_t>(image.height) * image.width - counts[last]) / 255;
    if (step == 0) continue;
    int64_t sum = step / 2;
    MapChannel(image, c, MakeTable([&](int i) {
                 const int64_t value = std::min<int64_t>(255, sum / step);
                 sum += counts[i];
                 return value;
               }));
  }
}

void Invert(Image& image) {
  MapAll(image, MakeTable([](int i) { return 255 - i; }));
}

void Solarize(Image& image, double threshold) {
  MapAll(image, MakeTable([&](int i) { return i < threshold ? i : 255 - i; }));
}

void SolarizeAdd(Image& image, int amount) {
  MapAll(image, MakeTable([&](int i) { return i < 128 ? std::min(255, i + amount) : i; }));
}

void Posterize(Image& image, int bits) {
  const int mask = 255 & ~((1 << (8 - bits)) - 1);
  MapAll(image, MakeTable([&](int i) { return i & mask; }));
}

void ScaleBrightness(Image& image, double factor) {
  MapAll(image, MakeTable([&](int i) { return Blend(0, i, static_cast<float>(factor)); }));
}

void ScaleContrast(Image& image, double factor) {
  const int mean = MeanLuma(image);
  MapAll(image, MakeTable([&](int i) { return Blend(mean, i, static_cast<float>(factor)); }));
}

}  // namespace deepmad::data
