// Segmentation logits for images of any size: in one pass, by a sliding window, or averaged over scales and mirror images
// (docs/protocols/segmentation.md, section 6).
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <vector>

namespace deepmad::models {

// A network in evaluation mode: images [N, C, H, W] -> logits [N, classes, h, w] at a coarser resolution.
using SceneForward = std::function<at::Tensor(const at::Tensor& images)>;

// An interval [begin, end) along one side, pixels.
struct Window {
  int64_t begin;
  int64_t end;
  friend bool operator==(const Window&, const Window&) = default;
};
// Returns max(length - side + stride - 1, 0) / stride + 1 windows of at most `side` pixels, `stride` apart. The last one is shifted back so
// that it ends with the image.
std::vector<Window> SlidingWindows(int64_t length, int64_t side, int64_t stride);

// Runs the network on whole images [N, C, H, W] and returns float32 logits [N, classes, H, W].
at::Tensor WholeLogits(const SceneForward& forward, const at::Tensor& images);
// Runs the network on sliding windows and returns float32 logits [N, classes, H, W], averaged where windows overlap. Equal to WholeLogits()
// for images no larger than a window.
at::Tensor SlideLogits(const SceneForward& forward, const at::Tensor& images, int64_t side = 512, int64_t stride = 341);

// Averages class probabilities over several passes of one image at different scales, plain and mirrored.
class ScaleMean {
 public:
  // Takes the size of the original image.
  ScaleMean(int64_t height, int64_t width) : size_{height, width} {}

  // Adds one pass: `logits` [N, classes, h, w] at any scale; `mirrored` states whether the image was mirrored.
  void Add(const at::Tensor& logits, bool mirrored);
  // Returns the mean probabilities [N, classes, height, width], float32. REQUIRES: at least one pass was added.
  at::Tensor Probabilities() const;

 private:
  std::vector<int64_t> size_;
  at::Tensor sum_;
  int64_t passes_ = 0;
};

}  // namespace deepmad::models
