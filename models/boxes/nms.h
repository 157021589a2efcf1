// Greedy non-maximum suppression, class by class. Free of torch: detections are few and irregular, whatever device computed them.
#pragma once

#include <cstdint>
#include <vector>

namespace deepmad::models {

// `boxes` [count, 4] xyxy, `scores` [count], `classes` [count]: those that are kept, at most `most` in all, by falling score (of equal ones
// the first comes first). A box is dropped when its overlap with a kept one of its class and a higher place is above `threshold`:
// intersection over union in float32, without +1; none for two boxes without area. Scores are no NaN.
std::vector<int64_t> SuppressOverlaps(const float* boxes, const float* scores, const int64_t* classes, int64_t count, double threshold,
                                      int64_t most);

}  // namespace deepmad::models
