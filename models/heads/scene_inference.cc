#include "models/heads/scene_inference.h"

#include <ATen/ops/softmax.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <stdexcept>

#include "models/heads/upernet.h"

namespace deepmad::models {
namespace {

at::Tensor InFloat(const at::Tensor& map) { return map.scalar_type() == at::kDouble ? map : map.to(at::kFloat); }

}  // namespace

std::vector<Window> SlidingWindows(int64_t length, int64_t side, int64_t stride) {
  if (length < 1 || side < 1 || stride < 1 || stride > side) throw std::logic_error("SlidingWindows: 1 <= stride <= side");
  const int64_t count = std::max<int64_t>(length - side + stride - 1, 0) / stride + 1;
  std::vector<Window> windows;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t end = std::min(stride * i + side, length);
    windows.push_back({std::max<int64_t>(end - side, 0), end});
  }
  return windows;
}

at::Tensor WholeLogits(const SceneForward& forward, const at::Tensor& images) {
  return ResizeMap(InFloat(forward(images)), images.sizes().slice(2));
}

at::Tensor SlideLogits(const SceneForward& forward, const at::Tensor& images, int64_t side, int64_t stride) {
  const int64_t height = images.size(2), width = images.size(3);
  const std::vector<Window> rows = SlidingWindows(height, side, stride), columns = SlidingWindows(width, side, stride);
  if (rows.size() == 1 && columns.size() == 1) return WholeLogits(forward, images);
  at::Tensor sum, count;
  for (const Window& row : rows) {
    for (const Window& column : columns) {
      const auto part = [&](const at::Tensor& map) { return map.slice(2, row.begin, row.end).slice(3, column.begin, column.end); };
      const at::Tensor logits = WholeLogits(forward, part(images));
      if (!sum.defined()) {
        sum = at::zeros({images.size(0), logits.size(1), height, width}, logits.options());
        count = at::zeros({1, 1, height, width}, logits.options());
      }
      part(sum).add_(logits);
      part(count).add_(1);
    }
  }
  return sum.div_(count);
}

void ScaleMean::Add(const at::Tensor& logits, bool mirrored) {
  const at::Tensor resized = ResizeMap(InFloat(logits), size_);
  const at::Tensor probabilities = at::softmax(mirrored ? resized.flip(3) : resized, 1);
  sum_ = sum_.defined() ? sum_.add_(probabilities) : probabilities;
  ++passes_;
}

at::Tensor ScaleMean::Probabilities() const {
  if (passes_ == 0) throw std::logic_error("ScaleMean: nothing was added");
  return sum_ / static_cast<double>(passes_);
}

}  // namespace deepmad::models
