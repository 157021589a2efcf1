#include "train/tasks/detection/detect_objects.h"

#include <ATen/Parallel.h>

#include <stdexcept>

#include "base/error.h"
#include "models/heads/detection_head.h"

namespace deepmad::train {
namespace {

// On the CPU, as Detect reads them.
struct LevelMaps {
  explicit LevelMaps(const at::Tensor* maps) : classes(OnCpu(maps[0])), quality(OnCpu(maps[1])), distances(OnCpu(maps[2])) {}

  models::HeadLevel Picture(int64_t i, int stride) const {
    return {stride, static_cast<int>(classes.size(2)), static_cast<int>(classes.size(3)), At(classes, i), At(quality, i), At(distances, i)};
  }

  at::Tensor classes, quality, distances;

 private:
  static at::Tensor OnCpu(const at::Tensor& map) { return map.detach().to(at::kFloat).cpu().contiguous(); }
  static const float* At(const at::Tensor& maps, int64_t i) { return maps.const_data_ptr<float>() + i * maps.stride(0); }
};

}  // namespace

std::vector<std::vector<models::Detection>> DetectObjects(models::Network& network, const at::Tensor& images,
                                                          const std::vector<models::PictureFrame>& frames) {
  const auto* head = dynamic_cast<const models::DetectionHead*>(network.head());
  if (head == nullptr) throw base::FailedError("network '" + network.spec().name + "' has no head that finds objects");
  if (static_cast<int64_t>(frames.size()) != images.size(0)) throw std::logic_error("DetectObjects: a frame a picture");
  const std::vector<at::Tensor> maps = network.ForwardHead(images);
  std::vector<LevelMaps> levels;
  for (size_t i = 0; i < maps.size(); i += 3) levels.emplace_back(&maps[i]);
  std::vector<std::vector<models::Detection>> found(frames.size());
  at::parallel_for(0, static_cast<int64_t>(frames.size()), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      std::vector<models::HeadLevel> picture;
      for (size_t l = 0; l < levels.size(); ++l) picture.push_back(levels[l].Picture(i, models::FeaturePyramid::kStrides[l]));
      found[static_cast<size_t>(i)] = models::Detect(picture, head->classes(), frames[static_cast<size_t>(i)], head->detect_options());
    }
  });
  return found;
}

}  // namespace deepmad::train
