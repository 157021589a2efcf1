#include "train/tasks/detection/detect_objects.h"

#include <ATen/Parallel.h>

#include <stdexcept>

#include "base/error.h"
#include "models/device/pinned_copy.h"
#include "models/heads/detection_head.h"

namespace deepmad::train {
namespace {

// What Detect reads of one picture; `maps` are on the CPU, three a level.
std::vector<models::HeadLevel> LevelsOf(const std::vector<at::Tensor>& maps, int64_t picture) {
  const auto plane = [&](const at::Tensor& map) { return map.const_data_ptr<float>() + picture * map.stride(0); };
  std::vector<models::HeadLevel> levels;
  for (size_t i = 0; i < maps.size(); i += 3) {
    levels.push_back({models::FeaturePyramid::kStrides[i / 3], static_cast<int>(maps[i].size(2)), static_cast<int>(maps[i].size(3)),
                      plane(maps[i]), plane(maps[i + 1]), plane(maps[i + 2])});
  }
  return levels;
}

}  // namespace

std::vector<std::vector<models::Detection>> DetectObjects(models::Network& network, const at::Tensor& images,
                                                          const std::vector<models::PictureFrame>& frames) {
  const auto* head = dynamic_cast<const models::DetectionHead*>(network.head());
  if (head == nullptr) throw base::FailedError("network '" + network.spec().name + "' has no head that finds objects");
  if (static_cast<int64_t>(frames.size()) != images.size(0)) throw std::logic_error("DetectObjects: a frame a picture");
  std::vector<at::Tensor> maps;
  for (const at::Tensor& map : network.ForwardHead(images)) maps.push_back(map.detach().to(at::kFloat));
  maps = models::CopyToHost(maps);
  std::vector<std::vector<models::Detection>> found(frames.size());
  at::parallel_for(0, static_cast<int64_t>(frames.size()), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      found[static_cast<size_t>(i)] =
          models::Detect(LevelsOf(maps, i), head->classes(), frames[static_cast<size_t>(i)], head->detect_options());
    }
  });
  return found;
}

}  // namespace deepmad::train
