// Segmentation logits for images of any size: in one pass, by a sliding window, or averaged over scales and mirror images
// (docs/protocols/segmentation.md, section 6).
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <vector>

namespace deepmad::models {

// Images [N, C, H, W] -> logits [N, classes, h, w] of a coarser size, in evaluation mode.
using SceneForward = std::function<at::Tensor(const at::Tensor& images)>;

// [begin, end) along one side.
struct Window {
  int64_t begin;
  int64_t end;
  friend bool operator==(const Window&, const Window&) = default;
};
// Windows of `side` at most, `stride` apart, the last one moved back so that it ends with the image: max(length - side + stride - 1, 0) /
// stride + 1 of them.
std::vector<Window> SlidingWindows(int64_t length, int64_t side, int64_t stride);

// Both give float32 logits [N, classes, H, W] of the images' size.
at::Tensor WholeLogits(const SceneForward& forward, const at::Tensor& images);
// The logits of each window at its size, averaged where windows overlap. For an image no larger than the window the same as WholeLogits.
at::Tensor SlideLogits(const SceneForward& forward, const at::Tensor& images, int64_t side = 512, int64_t stride = 341);

// The mean over passes of the probabilities of each class: the same scene at several scales, plain and mirrored.
class ScaleMean {
 public:
  // Of the original picture.
  ScaleMean(int64_t height, int64_t width) : size_{height, width} {}

  // `logits` [N, classes, h, w] of one pass at any scale; `mirrored` where the image was.
  void Add(const at::Tensor& logits, bool mirrored);
  // [N, classes, height, width] float32; requires a pass.
  at::Tensor Probabilities() const;

 private:
  std::vector<int64_t> size_;
  at::Tensor sum_;
  int64_t passes_ = 0;
};

}  // namespace deepmad::models
