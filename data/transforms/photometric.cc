#include "data/transforms/photometric.h"

#include <algorithm>
#include <array>
#include <opencv2/imgproc.hpp>
#include <stdexcept>

namespace deepmad::data {
namespace {

using Table = std::array<uint8_t, 256>;

// value * factor + shift in float32, clipped and truncated.
Table Linear(double factor, double shift) {
  Table table;
  for (int value = 0; value < 256; ++value) {
    const float scaled = static_cast<float>(value) * static_cast<float>(factor);
    table[value] = static_cast<uint8_t>(std::clamp(scaled + static_cast<float>(shift), 0.0F, 255.0F));
  }
  return table;
}

void ApplyToAll(const Table& table, Image& image) {
  for (uint8_t& value : image.pixels) value = table[value];
}

// Changes one channel (0: H, 1: S) in HSV.
void ApplyInHsv(const Table& table, size_t channel, Image& image) {
  cv::Mat rgb(image.height, image.width, CV_8UC3, image.pixels.data());
  cv::Mat hsv;
  cv::cvtColor(rgb, hsv, cv::COLOR_RGB2HSV);
  const size_t values = static_cast<size_t>(image.height) * image.width * 3;
  for (size_t i = channel; i < values; i += 3) hsv.data[i] = table[hsv.data[i]];
  cv::cvtColor(hsv, rgb, cv::COLOR_HSV2RGB);
}

Table HueShift(int shift) {
  Table table;
  for (int value = 0; value < 256; ++value) table[value] = static_cast<uint8_t>(((value + shift) % 180 + 180) % 180);
  return table;
}

}  // namespace

PhotometricDraw PhotometricDistortion::Draw(base::Random& random) const {
  PhotometricDraw draw;
  if (random.Bernoulli(probability)) draw.brightness = random.Uniform(-brightness, brightness);
  draw.contrast_last = random.Bernoulli(0.5);
  if (random.Bernoulli(probability)) draw.contrast = random.Uniform(min_contrast, max_contrast);
  if (random.Bernoulli(probability)) draw.saturation = random.Uniform(min_saturation, max_saturation);
  if (random.Bernoulli(probability)) draw.hue = static_cast<int>(random.UniformInt(-hue, hue - 1));
  return draw;
}

void ApplyPhotometric(const PhotometricDraw& draw, Image& image) {
  if (image.channels != 3) throw std::logic_error("ApplyPhotometric: RGB only");
  if (draw.brightness) ApplyToAll(Linear(1, *draw.brightness), image);
  if (draw.contrast && !draw.contrast_last) ApplyToAll(Linear(*draw.contrast, 0), image);
  if (draw.saturation) ApplyInHsv(Linear(*draw.saturation, 0), 1, image);
  if (draw.hue) ApplyInHsv(HueShift(*draw.hue), 0, image);
  if (draw.contrast && draw.contrast_last) ApplyToAll(Linear(*draw.contrast, 0), image);
}

}  // namespace deepmad::data
