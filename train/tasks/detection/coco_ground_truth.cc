#include "train/tasks/detection/coco_ground_truth.h"

namespace deepmad::train {

CocoTruths TruthsOf(const data::CocoAnnotations& file) {
  CocoTruths truths;
  for (const data::CocoImage& image : file.images) truths.images.push_back(image.id);
  for (const data::CocoCategory& category : file.categories) truths.categories.push_back(category.id);
  truths.boxes.reserve(file.annotations.size());
  for (const data::CocoAnnotation& a : file.annotations) truths.boxes.push_back({a.image_id, a.category_id, a.box, a.area, a.crowd});
  return truths;
}

std::vector<std::string> CategoryNames(const data::CocoAnnotations& file) {
  std::vector<std::string> names;
  for (const data::CocoCategory& category : file.categories) names.push_back(category.name);
  return names;
}

}  // namespace deepmad::train
