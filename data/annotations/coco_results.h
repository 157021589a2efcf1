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

// Reads results in the order of the file; memory use is little more than the result. The list may also stand in an object, under
// "annotations", "results", "predictions" or "detections", or be JSON lines. Checks that all numbers are finite, not whether images and
// categories exist. Unknown fields are skipped. Numbers as text and the like are read as what they mean (data/annotations/json_forms.h) and
// counted in a line. Throws FailedError naming the file and the result with its image, the first few and how many there are, or, for
// malformed JSON, the byte.
std::vector<CocoResult> ReadCocoResults(const std::string& path);

// Writes one result per line, in the given order. Numbers read back bit for bit. Throws FailedError naming the image if a number is not
// finite, and if the file cannot be written.
void WriteCocoResults(const std::string& path, const std::vector<CocoResult>& results);

}  // namespace deepmad::data
