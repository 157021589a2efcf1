// Pictures and files made for tests.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "base/error.h"
#include "base/random.h"
#include "data/image/image.h"

namespace deepmad::data {

// Every pixel its own random value.
inline Image NoisePicture(int height, int width, int channels, uint64_t seed = 1) {
  Image image(height, width, channels);
  base::Random random(seed, base::RandomPurpose::kSynthetic);
  for (uint8_t& value : image.pixels) value = static_cast<uint8_t>(random.NextBits() >> 24);
  return image;
}

// Smooth in both directions, so that JPEG keeps it nearly unchanged.
inline Image SmoothPicture(int height, int width, int channels) {
  Image image(height, width, channels);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < channels; ++c) image.row(y)[x * channels + c] = static_cast<uint8_t>(40 + 2 * y + 3 * x + 20 * c);
    }
  }
  return image;
}

inline std::string BigEndian(uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(value >> shift & 255));
  return bytes;
}

inline std::string IdxFile(const std::vector<uint32_t>& shape, const std::string& values) {
  std::string bytes = {0, 0, 8, static_cast<char>(shape.size())};
  for (const uint32_t extent : shape) bytes += BigEndian(extent);
  return bytes + values;
}

// The message of the base::Error of the given kind that `action` throws; fails the test when it throws none.
template <typename Action>
std::string ErrorOf(base::ErrorKind kind, const Action& action) {
  try {
    action();
  } catch (const base::Error& e) {
    EXPECT_EQ(e.kind(), kind) << e.what();
    return e.what();
  }
  ADD_FAILURE() << "no error was thrown";
  return "";
}

inline void ExpectContains(const std::string& text, const std::string& part) {
  EXPECT_NE(text.find(part), std::string::npos) << "'" << part << "' is not in: " << text;
}

}  // namespace deepmad::data
