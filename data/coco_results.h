// Results files in COCO's format: [{"image_id": 1, "category_id": 18, "bbox": [x, y, width, height], "score": 0.9}, ...].
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace deepmad::data {

struct CocoResult {
  int64_t image_id = 0;
  int64_t category_id = 0;
  std::array<double, 4> box{};  // x, y of the upper left corner, width, height; pixels
  double score = 0;
};

// In the file's order; memory as of ReadCocoAnnotations. All numbers are finite; whether images and categories exist is not known here.
// Other fields are passed over. FailedError names the file and the result with its image; for text that is no JSON, the byte.
std::vector<CocoResult> ReadCocoResults(const std::string& path);

// A result a line, in the order given; reading them gives the same numbers to the last bit. FailedError for a number that is not finite,
// naming the image, and for a place that cannot be written.
void WriteCocoResults(const std::string& path, const std::vector<CocoResult>& results);

}  // namespace deepmad::data
